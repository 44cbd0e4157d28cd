"""Cameras behind a proxy that the environment names."""

from __future__ import annotations

import pytest

from edge.sources.http_camera import HttpCamera
from support.colours import COLOURS
from support.http_cameras import RED, failure_of, first_colour
from support.scripted_server import Request, ScriptedServer


def _proxy(request: Request) -> bytes:
    if request.headers.get("proxy-authorization") != "Basic bWU6aGlkZGVu":
        return b"HTTP/1.1 407 No\r\n\r\n"
    return RED if request.target == "http://camera.test/a?b=1" else b"HTTP/1.1 502 Bad\r\n\r\n"


def test_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy of the environment is used, and messages name it and the way without it."""
    with ScriptedServer(_proxy) as server:
        monkeypatch.setenv("http_proxy", f"http://me:hidden@127.0.0.1:{server.port}")
        assert first_colour(HttpCamera("http://camera.test/a?b=1")) == COLOURS["red"]
        assert "authorization" not in server.requests[0].headers
        failure = str(failure_of("http://camera.test/gone"))
        assert f"the proxy http://***@127.0.0.1:{server.port} of http_proxy or the server answers 502" in failure
        assert failure.endswith("without the proxy: set no_proxy=camera.test")
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{server.port}")
        assert "answers 407" in str(failure_of("http://camera.test/a?b=1"))
    failure = str(failure_of("http://camera.test/"))
    assert f"no answer through the proxy 127.0.0.1:{server.port} of http_proxy: Connection refused" in failure
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    assert "socks5://127.0.0.1:1 of http_proxy is not an http:// address" in str(failure_of("http://camera.test/"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ScriptedServer(lambda request: RED) as server:
        assert first_colour(HttpCamera(server.uri)) == COLOURS["red"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 403 no\r\n\r\n", "the proxy answers 403"),
        (b"", "the proxy gave no answer"),
        (b"x" * 70_000, "the proxy gave no answer"),
        (b"\r\n\r\n", "the proxy answers "),
        (b"HTTP/1.1 200 ok\r\n\r\nno TLS", "TLS: "),
    ],
)
def test_a_tunnel_that_does_not_open(answer: bytes, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy answers to CONNECT is in the message."""
    with ScriptedServer(lambda request: answer) as server:
        monkeypatch.setenv("https_proxy", server.uri)
        failure = str(failure_of("https://camera.test/"))
        assert server.requests[0][:2] == ("CONNECT", "camera.test:443")
    assert f"through the proxy {server.uri} of https_proxy: {reason}" in failure
