"""The events of a session: every client sees what another one changed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from support.teach_server import Client, Teaching, photo, teaching
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
    """The server ends within its second, with open events."""
    with teaching(tmp_path / "photos") as made:
        made.client.add_class("red")
        with made.client.events() as events:
            event(events, "session")
            threads = [thread for thread in threading.enumerate() if thread.name == "teach"]
    assert len(threads) == 1 and not threads[0].is_alive()
