"""The hostile cameras: what counts as wrong, and that each manner does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.device.hostile import camera_server, cameras
from benchmarks.device.hostile.cameras import Case, run_case


def test_there_are_many() -> None:
    """At least 60 manners, each with a name of its own."""
    groups = (cameras._streams, cameras._pictures, cameras._logins, cameras._redirects, cameras._refused, cameras._rtsp)
    names = [case.name for group in groups for case in group()]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize(
    ("case", "result", "detail"),
    [
        (Case("good", camera_server.send(camera_server.ok(camera_server.picture()))), "ok", ""),
        (Case("named", camera_server.send(b"HTTP/1.1 503 no\r\n\r\n"), "answers 503"), "ok", ""),
        (Case("refused", camera_server.send(b"HTTP/1.1 503 no\r\n\r\n")), "accepted wrongly", "was not labelled"),
        (
            Case("taken", camera_server.send(camera_server.ok(camera_server.picture())), "answers 503"),
            "accepted wrongly",
            "not 69 with 'answers 503'",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else "",
)
def test_results(case: Case, result: str, detail: str, tmp_path: Path) -> None:
    """A camera that is labelled, and one that is refused with the right line, are ok; the others are not."""
    found = run_case(case, tmp_path / "no certificate")
    assert (found.area, found.name, found.result) == ("cameras", case.name, result)
    assert found.detail.startswith(detail)
