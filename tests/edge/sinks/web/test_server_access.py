"""Which requests the web preview answers: hosts, tokens and addresses, over real connections on loopback."""

from __future__ import annotations

import json
import socket

import pytest

from edge.errors import UnavailableError, UsageError
from edge.sinks.http_server import listen
from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics
from support.web_client import get, port_of, serving
from support.web_stream import Camera

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")


def test_a_foreign_host_header_is_refused(sink: WebSink) -> None:
    """A request under another host name that resolves to this machine is refused (DNS rebinding); a tunnel works."""
    sink.write(Camera().observe("red"))
    for path in ("/", "/events", "/picture.jpg", "/observation.json", "/health"):
        assert get(sink, path, Host="evil.example:80")[:2] == (421, b"open this page under the name localhost\n")
    assert get(sink, "/health", Host="localhost:9000")[0] == 200


def test_token() -> None:
    """Without the token nothing is served; given once, it becomes a cookie that is enough for every request."""
    with serving(token="s3cret") as sink:
        sink.write(Camera().observe("red"))
        assert get(sink, "/page.css")[0] == 200  # the page that asks for the token has the same looks
        for path in ("/page.js", "/events", "/picture.jpg", "/observation.json", "/health", "/nothing"):
            status, body, headers = get(sink, path)
            assert (status, headers["WWW-Authenticate"], headers["Set-Cookie"]) == (401, "Bearer", None)
            assert b"red" not in body
        status, body, _ = get(sink, "/?token=wrong")
        assert status == 401 and b'name="token"' in body
        assert get(sink, "/health", Authorization="Bearer s3cret")[0] == 200
        assert get(sink, "/health", Authorization="Bearer wrong")[0] == 401
        status, _, headers = get(sink, "/?token=s3cret", Host="pi.local")
        cookie, *rules = headers["Set-Cookie"].split("; ")
        assert (status, set(rules)) == (200, {"Path=/", "HttpOnly", "SameSite=Strict"})
        assert "s3cret" not in cookie
        assert get(sink, "/health", Cookie=cookie)[0] == 200
        assert get(sink, "/health", Cookie=cookie[:-1])[0] == 401


def test_the_token_is_never_logged(capfd: pytest.CaptureFixture[str]) -> None:
    """No request, good or bad, prints anything on the terminal, and never the token."""
    with serving(token="s3cret") as sink:
        get(sink, "/?token=s3cret")
        get(sink, "/?token=wrong")
        port = port_of(sink)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"\x16\x03\x01 s3cret\r\n\r\n")
            while client.recv(1000):
                pass
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "raspberrypi"])
def test_others_need_a_token(host: str) -> None:
    """An address that other machines can reach is refused without a token, in one line that says what to do."""
    with pytest.raises(UsageError, match="--web-token") as refusal:
        WebSink(host, 8080, StreamStatistics(), token=None)
    assert "\n" not in str(refusal.value)
    WebSink(host, 8080, StreamStatistics(), token="s3cret")


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token(token: str) -> None:
    """An empty token is refused."""
    with pytest.raises(UsageError, match="empty"):
        WebSink("0.0.0.0", 8080, StreamStatistics(), token=token)


def test_every_address_with_a_token() -> None:
    """On every address of the machine, the page answers requests with the token."""
    with serving(token="s3cret", host="0.0.0.0") as sink:
        assert get(sink, "/page.js", Authorization="Bearer s3cret")[0] == 200


def test_ipv6() -> None:
    """The page is served on IPv6 too, if the machine has it."""
    try:
        listen("::1", 0, "--web").close()
    except UnavailableError as error:
        pytest.skip(str(error))
    with serving(host="::1") as sink:
        assert sink.url.startswith("http://[::1]:")
        assert get(sink, "/page.css")[0] == 200


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port in use is one line; the sink takes observations, and gets the port when it is free."""
    with serving() as first:
        port = port_of(first)
        second = WebSink("127.0.0.1", port, StreamStatistics(), token=None)
        with pytest.raises(UnavailableError, match=f"port {port} is used by another program") as error:
            second.open()
        assert "\n" not in str(error.value)
        camera = Camera()
        second.write(camera.observe("red"))
    monkeypatch.setattr("edge.sinks.web.sink._TRY_AGAIN_S", 0.0)
    second._try_at_s = 0.0
    try:
        second.write(camera.observe("green"))
        assert json.loads(get(second, "/observation.json")[1])["observation"]["label"] == "green"
    finally:
        second.close()


def test_an_address_of_another_machine() -> None:
    """An address of another machine is refused in one line."""
    sink = WebSink("203.0.113.7", 8080, StreamStatistics(), token="s3cret")
    with pytest.raises(UnavailableError, match=r"cannot listen on 203\.0\.113\.7"):
        sink.open()
    sink.close()
