"""The page in other pages: frames, pictures, a path of a proxy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from edge.errors import UsageError
from edge.sinks.web.framing import frame_ancestors
from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics
from support.web_client import get, serving

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")


@contextlib.contextmanager
def framed(*origins: str) -> Iterator[WebSink]:
    """An open sink that pages of ``origins`` may show."""
    sink = WebSink("127.0.0.1", 0, StreamStatistics(), token=None, framed_by=origins)
    sink.open()
    try:
        yield sink
    finally:
        sink.close()


def test_the_origins_that_may_frame_it() -> None:
    """Those that were named, and nobody else; the rest of the policy stays."""
    with framed("http://homeassistant.local:8123", "https://10.0.0.2:65535") as sink:
        policy = get(sink, "/")[2]["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors http://homeassistant.local:8123 https://10.0.0.2:65535")
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert frame_ancestors(()) == "'none'"


@pytest.mark.parametrize(
    "origin",
    [
        *("", "*", "'self'", "host", "ftp://host", "http://", "http://host/", "http://host/path", "http://*.local"),
        *("http://a b", "http://a;script-src *", "http://a\r\nX: y", "http://host:", "http://user@host", "http://-a"),
        *("http://host:65536", "http://host:99999", "http://host:0"),
    ],
)
def test_texts_that_are_no_origins(origin: str) -> None:
    """A path, a star, or another directive of the policy is refused."""
    with pytest.raises(UsageError, match="is not an origin; give scheme, host and port without a path"):
        frame_ancestors((origin,))


def test_browsers_know_no_ipv6_address_there() -> None:
    """It is refused: Chromium reads a policy with such an address alone as one that lets nobody show the page."""
    for origin in ("http://[::1]:8123", "https://[fe80::1]", "http://[::"):
        with pytest.raises(UsageError, match="browsers allow no IPv6 address here; give the name of its host"):
            frame_ancestors((origin,))


def test_who_has_the_token_may_show_the_picture_anywhere() -> None:
    """An address with the token can be a picture of another page; the other addresses stay for our own page."""
    with serving(token="s3cret") as sink:
        given = get(sink, "/health?token=s3cret")[2]
        other = get(sink, "/health", Authorization="Bearer s3cret")[2]
        wrong = get(sink, "/health?token=wrong")[2]
    name = "Cross-Origin-Resource-Policy"
    assert [headers[name] for headers in (given, other, wrong)] == ["cross-origin", "same-origin", "same-origin"]


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("/camera", "/camera"),
        ("/garden/camera-1/", "/garden/camera-1/"),
        ("", "/"),
        ("camera", "/"),
        ("/a; Domain=example.com", "/"),
        ("/a//b", "/"),
        ("/a\xe9", "/"),
        (f"{'/a' * 30}", "/"),
    ],
)
def test_the_cookie_is_for_the_path_of_the_proxy(prefix: str, path: str) -> None:
    """A prefix that is no path is left out: it may come from anybody."""
    with serving(token="s3cret") as sink:
        cookie = get(sink, "/?token=s3cret", X_Forwarded_Prefix=prefix)[2]["Set-Cookie"]
    assert cookie.split("; ")[1:] == [f"Path={path}", "HttpOnly", "SameSite=Strict"]
