"""Many requests, slow ones, and more than there is room for."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from edge.serving.label_pool import LabelPool, LabelSettings
from support.label_server import FORM, INT8, ROOM, Blocked, form, photo, serving
from support.waiting import wait_for

_HEAD = b"POST /label HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


def test_a_full_queue_answers_429(blocked: Blocked) -> None:
    """Exactly as many pictures are taken as there is room for; the next ones get 429, at once, and nothing is lost."""
    with serving([INT8]) as client, ThreadPoolExecutor(ROOM) as threads:
        taken = [threads.submit(client.label, photo("red")) for _ in range(ROOM)]
        wait_for(lambda: client.server.pool.held == ROOM)
        answer = client.label(photo("red"))
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
        assert answer.json == {"error": f"{ROOM} of {ROOM} places in the queue are taken; send this again later"}
        assert client.ask("GET", "/health").status == 200
        blocked.go()
        assert [one.result().status for one in taken] == [200] * ROOM
        assert client.label(photo("red")).status == 200
        assert client.server.pool.held == 0


def test_a_batch_is_taken_whole_or_not_at_all(blocked: Blocked) -> None:
    """If there is room for a part of its pictures only, none is begun."""
    batch = form(*[("a.png", photo("blue"))] * ROOM)
    with serving([INT8]) as client, ThreadPoolExecutor(1) as threads:
        one = threads.submit(client.label, photo("red"))
        wait_for(lambda: client.server.pool.held == 1)
        assert client.label(batch, FORM).status == 429
        assert client.server.pool.held == 1
        blocked.go()
        assert one.result().status == 200
        assert len(client.label(batch, FORM).json) == ROOM


def test_a_client_that_leaves_keeps_no_place(blocked: Blocked) -> None:
    """Its picture is labelled for nobody, and its place is free then."""
    with serving([INT8]) as client:
        body = photo("red")
        with socket.create_connection(("127.0.0.1", client.port)) as one:
            one.sendall(_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            wait_for(lambda: client.server.pool.held == 1)
        blocked.go()
        wait_for(lambda: client.server.pool.held == 0)
        assert client.label(body).status == 200


@pytest.mark.parametrize("end", [b"Content-Length: 1000\r\n\r\nx", b"Transfer-Encoding: chunked\r\n\r\n5\r\nx"])
def test_slow_bodies_end_in_time(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    """Connections whose body does not come are closed, and others are answered meanwhile."""
    monkeypatch.setattr("edge.sinks.bounded_protocol.REQUEST_S", 3.0)
    with serving([INT8]) as client, contextlib.ExitStack() as opened:
        slow = []
        for _ in range(100):
            slow.append(opened.enter_context(socket.create_connection(("127.0.0.1", client.port), 60)))
            with contextlib.suppress(ConnectionError):  # closed already, if this machine is busy
                slow[-1].sendall(_HEAD + end)
        assert client.label(photo("red")).status == 200
        for one in slow:
            with contextlib.suppress(ConnectionError):
                assert one.recv(1) == b""


def test_a_hundred_clients() -> None:
    """A hundred requests at the same time are all answered, with the labels of their own pictures."""
    colours = [("red", "green", "blue")[number % 3] for number in range(100)]
    with serving([INT8], room=100) as wide, ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(wide.label, map(photo, colours)))
    assert [answer.json["labels"][0] for answer in answers] == colours


def test_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the bodies that are held would take too much memory, the next one gets 503 and may come again."""
    monkeypatch.setattr("edge.serving.application.ALL_BYTES", 1000)
    with serving([INT8], body_bytes=1000) as client:
        with socket.create_connection(("127.0.0.1", client.port)) as one:
            one.sendall(_HEAD + b"Content-Length: 900\r\n\r\n" + bytes(800))
            answer = wait_for(lambda: (got := client.label(bytes(500))).status == 503 and got)
        assert answer.headers["Retry-After"] == "1"
        assert "too many uploads" in json.loads(answer.body)["error"]
        wait_for(lambda: client.label(bytes(500)).status == 422)


def test_no_room_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system gives fewer threads than workers, those that have started do not wait for the others forever."""
    pool = LabelPool(2, ROOM, LabelSettings(None, 5, 0.0, False))
    before, start = set(threading.enumerate()), threading.Thread.start

    def start_one(thread: threading.Thread) -> None:
        if len(set(threading.enumerate()) - before) == 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start_one)
        with pytest.raises(RuntimeError, match="new thread"):
            pool.warm([])
    pool.close()
    wait_for(lambda: set(threading.enumerate()) <= before)
