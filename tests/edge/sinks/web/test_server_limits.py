"""The limits of the web preview's server: pages, connections, slow viewers, and what is left after closing."""

from __future__ import annotations

import contextlib
import gc
import socket
import time

import pytest

from edge.sinks.http_server import CONNECTIONS
from edge.sinks.web.application import PICTURES, VIEWERS
from edge.sinks.web.sink import WebSink
from support.held import descriptors, threads
from support.waiting import wait_for
from support.web_client import asking, event, get, port_of, serving
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
        wait_for(lambda: _status(sink, "/events") == 200)


CLOSING_S = 5.0
"""Shorter than what a connection may take by itself: a server that ends so soon does not wait for its clients."""


def _connect(sink: WebSink, opened: contextlib.ExitStack) -> socket.socket:
    return opened.enter_context(socket.create_connection(("127.0.0.1", port_of(sink)), timeout=20))


def _closed(connection: socket.socket) -> bool:
    """Wait until the other end has closed ``connection``."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(1 << 16):
            pass
    return True


def test_a_burst_of_pages_is_bounded(sink: WebSink) -> None:
    """Of forty requests for events in one moment exactly as many are answered as pages may be open."""
    with contextlib.ExitStack() as opened:
        burst = [_connect(sink, opened) for _ in range(40)]
        for one in burst:
            one.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answers = [one.recv(12) for one in burst]
        assert (answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 503")) == (VIEWERS, 40 - VIEWERS)


def test_pages_that_leave_before_their_first_event_are_not_counted(sink: WebSink) -> None:
    """A hundred viewers that closed the connection at once keep no place: soon a page is served."""
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", port_of(sink)), timeout=20) as one:
            one.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_for(lambda: _status(sink, "/events") == 200)


def _status(sink: WebSink, path: str) -> int | None:
    """The status of the answer; nothing if the server had no room for the connection, and closed it."""
    try:
        with asking(sink, path) as answer:
            return answer.status
    except ConnectionError:
        return None


def test_events_have_a_head_without_events(sink: WebSink) -> None:
    """A HEAD request for events is answered, and holds no place."""
    for _ in range(VIEWERS + 1):
        with socket.create_connection(("127.0.0.1", port_of(sink)), timeout=20) as one:
            one.sendall(b"HEAD /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = one.recv(1 << 16).lower()
            assert answer.startswith(b"http/1.1 200") and b"\r\nx-accel-buffering: no\r\n" in answer
            assert _closed(one)


def test_requests_for_pictures_are_bounded(sink: WebSink) -> None:
    """More requests that wait for the next picture than allowed get 503; the rest of the page is served."""
    sink.write(Camera().observe("red"))
    with contextlib.ExitStack() as opened:
        for _ in range(PICTURES):
            one = _connect(sink, opened)
            one.sendall(b"GET /picture.jpg?shown=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: _status(sink, "/picture.jpg?shown=0") == 503)
        assert _status(sink, "/page.css") == 200


def test_connections_are_bounded(sink: WebSink) -> None:
    """If there are more connections than allowed, the one that has waited longest for a request is closed."""
    with contextlib.ExitStack() as opened:
        page = opened.enter_context(asking(sink, "/events"))
        event(page, "now")
        waiting = [_connect(sink, opened) for _ in range(CONNECTIONS)]
        assert _closed(waiting[0])
        waiting[-1].sendall(b"GET /page.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert waiting[-1].recv(12) == b"HTTP/1.1 200"
        event(page, "now")


@pytest.mark.parametrize("first", [b"", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"])
@pytest.mark.parametrize(
    "part",
    [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx",
        b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx",
    ],
    ids=["head", "body", "chunks"],
)
def test_slow_requests_lock_no_other_out(monkeypatch: pytest.MonkeyPatch, first: bytes, part: bytes) -> None:
    """Connections whose first or second request is not finished are closed in time, and others are served meanwhile."""
    monkeypatch.setattr("edge.sinks.bounded_protocol.REQUEST_S", 1.0)
    with serving() as sink, contextlib.ExitStack() as opened:
        slow = []
        for _ in range(CONNECTIONS):  # one after the other: on a busy machine all together may take a second
            one = _connect(sink, opened)
            slow.append(one)
            one.sendall(first)
            if first:
                assert one.recv(12) == b"HTTP/1.1 503"  # waiting for the first frame
            one.sendall(part)
        assert get(sink, "/page.css")[0] == 200
        assert all(map(_closed, slow))


def test_a_viewer_that_takes_no_data_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer that asks for much and reads little is closed after the time for it."""
    monkeypatch.setattr("edge.sinks.bounded_protocol.UNREAD_S", 0.5)
    with serving() as sink:
        sink.write(Camera((960, 720)).observe("red"))
        with socket.create_connection(("127.0.0.1", port_of(sink)), timeout=20) as deaf:
            connections = sink._server._server.server_state.connections
            with contextlib.suppress(ConnectionError):  # closed already, if this machine is busy
                deaf.sendall(b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2000)
                assert deaf.recv(12) == b"HTTP/1.1 200"
            wait_for(lambda: not connections)


def test_close_with_viewers_that_look_and_one_that_does_not_read() -> None:
    """Closing takes less than a second, with open requests and a viewer that reads nothing."""
    with serving() as sink, contextlib.ExitStack() as viewers:
        camera = Camera((960, 720))
        sink.write(camera.observe("red"))
        events = viewers.enter_context(asking(sink, "/events"))
        event(events, "now")
        deaf = _connect(sink, viewers)
        deaf.sendall(b"GET /picture.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        waiting = _connect(sink, viewers)
        waiting.sendall(b"GET /picture.jpg?shown=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        event(events, "now")
        ours = [thread for thread in threads() if thread.name == "web"]
        assert len(ours) == 1
        sink.close()  # waits a second at most, which a busy machine may need for the end itself
        ours[0].join(CLOSING_S)
        assert not ours[0].is_alive()


def test_answers_are_not_held_back(sink: WebSink) -> None:
    """The body of an answer does not wait, some 40 ms, until the other end confirms the head."""
    with asking(sink, "/events") as events:
        event(events, "now")
        (connection,) = sink._server._server.server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_slow_viewer_delays_no_other(sink: WebSink) -> None:
    """While one viewer reads nothing, the sink takes every observation and another viewer gets the newest."""
    camera = Camera((960, 720))
    sink.write(camera.observe("red"))
    with contextlib.ExitStack() as viewers:
        deaf = _connect(sink, viewers)
        events = viewers.enter_context(asking(sink, "/events"))
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
    seen = Camera().observe("red")
    with serving() as sink:
        get(sink, "/")
    before = threads() | descriptors()
    for _ in range(20):
        with serving() as sink:
            sink.write(seen)
            assert get(sink, "/picture.jpg")[0] == 200
    wait_for(lambda: not (threads() | descriptors()) - before)  # what another test left may open something for a while
