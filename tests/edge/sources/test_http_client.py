"""Redirects of cameras, and answers that come slowly, with real servers on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from edge.errors import UnavailableError
from edge.sources import http_camera, http_client
from edge.sources.http_camera import HttpCamera
from support.colours import COLOURS
from support.digests import DIGEST, knows
from support.http_cameras import RED, failure_of, first_colour, with_user
from support.scripted_server import Request, ScriptedServer, redirect, refused


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_keeps_the_login(status: int) -> None:
    """On the same host, also on another port, the login goes to the new address, with a digest for that."""

    def respond(request: Request) -> bytes:
        return RED if knows(request) else refused(DIGEST.format("MD5"))

    with ScriptedServer(respond) as other:
        with ScriptedServer(lambda request: redirect(f"{other.uri}stream?x=1", status)) as server:
            assert first_colour(HttpCamera(with_user(server.uri))) == COLOURS["red"]
        with ScriptedServer(lambda request: redirect("/b") if request.target == "/" else respond(request)) as server:
            assert first_colour(HttpCamera(with_user(server.uri))) == COLOURS["red"]
            assert [request.target for request in server.requests] == ["/", "/b", "/b"]


def test_a_redirect_to_another_host() -> None:
    """The password is not sent to it, and the message says so."""
    with ScriptedServer(lambda request: refused("Basic realm=x")) as other:
        elsewhere = other.uri.replace("127.0.0.1", "localhost")
        with ScriptedServer(lambda request: redirect(elsewhere)) as server:
            assert f"redirects to {elsewhere}, which asks for a login" in str(failure_of(with_user(server.uri)))
        assert [request.headers.get("authorization") for request in other.requests] == [None]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/", "redirects more than 5 times"),
        ("rtsp://me:secret@host/", r"redirects to 'rtsp://\*\*\*@host/', which is not HTTP"),
        ("http://[", "which is not HTTP"),
        ("http://host:99999/", "which is not HTTP"),
        ("//", "redirects more than 5 times"),
        ("\x1b[2J\xff", "answers 302 Found|redirects more than 5 times"),
        ("x" * 9000, "redirects more than 5 times"),
    ],
)
def test_redirects_that_lead_nowhere(location: str, reason: str) -> None:
    """They end in one line."""
    answer = redirect(location).decode().encode("latin-1")
    with ScriptedServer(lambda request: answer) as server:
        failure = failure_of(server.uri)
    assert isinstance(failure, UnavailableError)
    with pytest.raises(UnavailableError, match=reason):
        raise failure


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time limit of half a second."""
    for module in (http_camera, http_client):
        monkeypatch.setattr(module, "TIME_LIMIT_S", 0.5)


class DrippingServer(ScriptedServer):
    """Sends ``start``, then a byte now and then, until :attr:`ended` is set."""

    def __init__(self, start: bytes) -> None:
        super().__init__(lambda request: b"")
        self._start, self.ended = start, threading.Event()

    def _answer(self, plain: socket.socket) -> None:
        with plain, contextlib.suppress(OSError):
            plain.sendall(self._start)
            while not self.ended.wait(0.02):
                plain.sendall(b"0")


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff"],
    ids=["status", "headers", "body"],
)
@pytest.mark.usefixtures("short_limit")
def test_answers_that_drip(start: bytes) -> None:
    """A byte now and then does not keep a request alive: it ends within its time limit."""
    with DrippingServer(start) as server:
        failure = failure_of(server.uri)
        server.ended.set()
    assert "nothing in 0.5 s" in str(failure)
