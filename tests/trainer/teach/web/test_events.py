"""The events of a session: every client sees what another one changed."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any

from support import tiny
from support.colours import encoded
from support.teach_server import Client, Teaching, photo, teaching
from support.waiting import wait_for
from support.web_client import event, next_event
from support.web_stream import Camera


def test_two_clients_see_the_changes_of_each_other(served: Teaching) -> None:
    """A class and a photo of one client come to both, with the object of the session."""
    one, other = served.client, Client(served.client.port)
    with one.events() as first, other.events() as second:
        for events in (first, second):
            assert event(events, "session")["classes"] == []
        one.add_class("red")
        other.add("red", photo("red", 1))
        one.add_class("green")
        for events in (first, second):
            state = event(events, "session", _is_learnt)
            assert [(c["name"], c["photos"]) for c in state["classes"]] == [("red", 1), ("green", 0)]
        assert state == one.get("/api/session")


def _is_learnt(state: dict[str, Any]) -> bool:
    """Whether this is the last state: two classes, of which one has a photo, so that there is no model."""
    return len(state["classes"]) == 2 and state["learning"]["state"] == "too few" and not state["work"]


def test_the_stream_goes_on_beside_the_session(served: Teaching) -> None:
    """The events of the preview come too: the history, the model and the newest observation."""
    camera = Camera()
    served.feed.put(camera.observe("red"))
    with served.client.events() as events:
        names = {next_event(events)[0] for _ in range(6)}
        assert names == {"history", "model", "now", "session"}
        served.feed.put(camera.observe("green"))
        now = event(events, "now", lambda now: now["observation"]["sequence"] == 1)
        assert now["observation"]["label"] == "green"
    assert served.client.ask("GET", "/picture.jpg").headers["X-Frame-Sequence"] == "1"
    assert served.client.ask("GET", "/health").json == {"state": "live"}


def test_a_busy_session_does_not_stop_the_stream(served: Teaching) -> None:
    """While the state of the session cannot be read, frames still come."""
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with served.session._lock:
            held.set()
            go.wait(60)

    with served.client.events() as events:
        event(events, "session")
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(60)
        try:
            served.feed.put(Camera().observe("red"))
            assert event(events, "now", lambda now: now["observation"] is not None)["observation"]["label"] == "red"
        finally:
            go.set()
            thread.join()


def test_closing_ends_events_and_zips(tmp_path: Path) -> None:
    """The server waits neither for open events nor for a zip of which only the beginning was read."""
    with teaching(tmp_path / "photos") as made, contextlib.ExitStack() as opened:
        made.client.add_class("red")
        for seed in range(12):
            made.client.add("red", encoded(tiny.paint("red", seed, (900, 600)), "BMP"))
        events = opened.enter_context(made.client.events())
        event(events, "session")
        zip_ = opened.enter_context(socket.create_connection(("127.0.0.1", made.client.port), timeout=20))
        zip_.sendall(b"GET /api/photos.zip HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert zip_.recv(12) == b"HTTP/1.1 200"
        threads = [thread for thread in threading.enumerate() if thread.name == "teach"]
        closing = opened.pop_all()  # the connections stay open when the server ends
    with closing:
        assert len(threads) == 1
        threads[0].join(5)  # it has had its second; a busy machine may need more, and connections may take ten and more
        assert not threads[0].is_alive()


def test_a_third_zip_waits(served: Teaching) -> None:
    """While two clients read a zip slowly the third gets 503; when one has left, it is served."""
    client = served.client
    client.add_class("red")
    for seed in range(12):
        client.add("red", encoded(tiny.paint("red", seed, (900, 600)), "BMP"))
    with contextlib.ExitStack() as opened:
        for _ in range(2):
            slow = opened.enter_context(socket.create_connection(("127.0.0.1", client.port), timeout=20))
            slow.sendall(b"GET /api/photos.zip HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert slow.recv(12) == b"HTTP/1.1 200"
        assert client.ask("GET", "/api/photos.zip").headers["Retry-After"] == "1"
    assert wait_for(lambda: client.ask("GET", "/api/photos.zip").status == 200)
