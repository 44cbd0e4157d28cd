"""The shortest way to a route: what takes it, and what becomes of errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from support.label_server import photo
from support.waiting import wait_for

if TYPE_CHECKING:
    from support.label_server import Client


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/label", 405), ("POST", "/label/", 404)])
def test_other_requests_are_passed_on(client: Client, method: str, path: str, status: int) -> None:
    """Another method and another path are answered by Starlette's routes, as one line of JSON."""
    answer = client.ask(method, path, photo("red") if method == "POST" else None)
    assert answer.status == status
    assert list(answer.json) == ["error"]


def test_a_bug(client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The answer is one line with the headers of every answer; the traceback is kept for the log."""

    def fail(name: str | None) -> None:
        raise ArithmeticError(f"no {name}")

    monkeypatch.setattr(client.server.models, "get", fail)
    with caplog.at_level(logging.ERROR):
        answer = client.label(photo("red"))
        wait_for(lambda: "ArithmeticError: no None" in caplog.text)  # it is written after the answer
    assert (answer.status, answer.json) == (500, {"error": "an error of this program; its terminal or log says more"})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
