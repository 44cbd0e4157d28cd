"""The limits of the web preview's server: pages, connections, slow viewers, and what is left after closing."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
from pathlib import Path

import pytest

from edge.sinks.web.application import VIEWERS
from edge.sinks.web.server import CONNECTIONS
from edge.sinks.web.sink import WebSink
from support.web_client import asking, event, get, serving
from support.web_stream import Camera

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")


def test_pages_are_bounded() -> None:
    """One page more than allowed gets 503; after another page was closed, it is served."""
    with serving() as sink, contextlib.ExitStack() as pages:
        opened = [pages.enter_context(asking(sink, "/events")) for _ in range(VIEWERS)]
        for answer in opened:
            event(answer, "now")
        status, _, headers = get(sink, "/events")
        assert (status, headers["Retry-After"]) == (503, "5")
        assert get(sink, "/health")[0] == 503  # waiting: the server itself answers
        pages.close()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with asking(sink, "/events") as answer:
                if answer.status == 200:
                    return
        pytest.fail("no page was let in again")


def test_connections_are_bounded() -> None:
    """More connections than allowed are closed immediately, those without a request too."""
    with serving() as sink, contextlib.ExitStack() as opened:
        port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
        for _ in range(CONNECTIONS):
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        refused = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        with contextlib.suppress(ConnectionResetError):
            assert refused.recv(1) == b""


def test_close_with_viewers_that_look_and_one_that_does_not_read() -> None:
    """Closing takes less than a second, with open requests and a viewer that reads nothing."""
    with serving() as sink, contextlib.ExitStack() as viewers:
        camera = Camera((960, 720))
        sink.write(camera.observe("red"))
        events = viewers.enter_context(asking(sink, "/events"))
        event(events, "now")
        port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
        deaf = viewers.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        deaf.sendall(b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        waiting = viewers.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        waiting.sendall(b"GET /picture.jpg?shown=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        event(events, "now")
        threads = [thread for thread in threading.enumerate() if thread.name == "web"]
        assert len(threads) == 1
        sink.close()  # waits a second at most
        assert not threads[0].is_alive()


def test_a_slow_viewer_holds_nobody_up(sink: WebSink) -> None:
    """While one viewer reads nothing, the sink takes every observation and another viewer gets the newest."""
    port = int(sink.url.rstrip("/").rsplit(":", 1)[1])
    camera = Camera((960, 720))
    sink.write(camera.observe("red"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as deaf, asking(sink, "/events") as events:
        deaf.sendall(b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        for _ in range(100):
            sink.write(camera.observe("green"))
        newest = event(events, "now", lambda now: now["observation"]["sequence"] == 100)
        assert newest["observation"]["label"] == "green"
        assert get(sink, "/picture.jpg")[2]["X-Frame-Sequence"] == "100"


def test_connections_that_ended_are_forgotten(sink: WebSink) -> None:
    """A hundred closed viewers leave nothing in memory, even if they were closed during an answer."""
    sink.write(Camera().observe("red"))
    for number in range(100):
        with asking(sink, "/events" if number % 2 else "/picture.jpg") as answer:
            answer.read(20)

    def kept() -> int:
        gc.collect()
        return sum(type(one).__name__ == "BoundedProtocol" for one in gc.get_objects())

    deadline = time.monotonic() + 8  # shorter than any timer of a connection
    while kept() and time.monotonic() < deadline:
        get(sink, "/health", Connection="close")
    assert kept() <= 1


def test_open_and_close_again_leak_nothing() -> None:
    """After twenty servers, one after another, no thread and no descriptor is left."""
    descriptors = Path("/proc/self/fd")

    def held() -> tuple[int, int]:
        return len(list(descriptors.iterdir())), threading.active_count()

    seen = Camera().observe("red")
    with serving() as sink:
        get(sink, "/")
    before = held()
    for _ in range(20):
        with serving() as sink:
            sink.write(seen)
            assert get(sink, "/picture.jpg")[0] == 200
    assert held() == before
