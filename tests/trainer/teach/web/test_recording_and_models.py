"""Recording the stream and handing a model over, through the API, with the real recorder, store and trainer."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Iterator
from typing import Any

import pytest

from edge.store.layout import Store
from support.teach_server import Teaching, photo, teaching
from support.waiting import wait_for
from support.web_client import event
from support.web_stream import Camera
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.teach.handover import ModelHandover
from trainer.teach.stream.recorder import Recorder


@pytest.fixture
def filmed(served: Teaching) -> Iterator[Teaching]:
    """A session with two classes and a recorder that keeps every frame that differs."""
    session = served.session
    recorder = Recorder(
        lambda jpeg, label, hold: session.add_photo(jpeg, label, hold=hold),
        announce=session.announce,
        write_message=session.message,
        per_s=1e9,
        lease_s=600,
        silent_s=600,
    )
    recorder.open()
    session.recorder = recorder
    served.client.add_class("red")
    served.client.add_class("green")
    yield served
    recorder.close()


def test_a_hold_becomes_photos(filmed: Teaching) -> None:
    """Frames are kept while the hold is renewed; every page sees how many; stopping twice changes nothing."""
    client, camera, recorder = filmed.client, Camera(), filmed.session.recorder
    assert isinstance(recorder, Recorder)
    with client.events() as events:
        started = client.send("PUT", "/api/recording", {"class": "red", "hold": "7f3a"})
        assert started == {"recording": {"class": "red", "hold": "7f3a", "kept": 0, "folded": 0}}
        recorder.write(camera.observe("red"))
        seen = event(events, "session", lambda state: state["recording"] and state["recording"]["kept"] == 1)
        assert seen["recording"]["hold"] == "7f3a"
        kept = client.send("PUT", "/api/recording", {"class": "red", "hold": "7f3a"})["recording"]
        assert (kept["kept"], kept["folded"]) == (1, 0)
        for _ in range(2):
            assert client.send("DELETE", "/api/recording?hold=7f3a") == {"recording": None}
        event(events, "session", lambda state: state["recording"] is None)
    (one,) = client.get("/api/photos")["photos"]
    assert (one["class"], one["hold_photos"], "_nohash_" in one["name"]) == ("red", 1, True) and one["hold"]
    assert client.get("/api/session")["classes"][0]["newest"] == [{"id": one["id"], "photos": 1}]


def test_one_page_records_at_a_time(filmed: Teaching) -> None:
    """Another page is refused with 409 until the hold ends, and cannot stop it; an unknown class is 404."""
    client = filmed.client
    assert client.ask("PUT", "/api/recording", {"class": "blue", "hold": "a"}).status == 404
    client.send("PUT", "/api/recording", {"class": "red", "hold": "a"})
    answer = client.ask("PUT", "/api/recording", {"class": "green", "hold": "b"})
    assert (answer.status, "another page records red" in answer.json["error"]) == (409, True)
    assert client.send("DELETE", "/api/recording?hold=b")["recording"]["hold"] == "a"
    client.send("DELETE", "/api/recording?hold=a")
    assert client.send("PUT", "/api/recording", {"class": "green", "hold": "c"})["recording"]["class"] == "green"


@pytest.mark.parametrize("body", [{"class": "red", "hold": "x" * 101}, {"class": "red", "hold": 1}, {"class": "red"}])
def test_wrong_holds(filmed: Teaching, body: dict[str, Any]) -> None:
    """The line names the field; nothing is recorded."""
    answer = filmed.client.ask("PUT", "/api/recording", body)
    assert answer.status == 400 and "'hold'" in answer.json["error"]
    assert filmed.client.ask("DELETE", "/api/recording").status == 400
    assert filmed.client.get("/api/session")["recording"] is None


def test_a_full_disk_is_507(served: Teaching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost, the line says that the disk is full, and later the photo is taken."""
    client = served.client
    client.add_class("red")
    first = client.add("red", photo("red", 1))
    real, fails = os.fsync, True

    def fsync(descriptor: int) -> None:
        if fails:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    answer = client.ask("POST", "/api/photos?class=red", photo("red", 2), Content_Type="image/png")
    assert (answer.status, "the disk is full" in answer.json["error"]) == (507, True)
    answer = client.ask("POST", "/api/photos/delete", {"photos": [first["id"]]})
    assert answer.status == 507
    assert client.ask("GET", f"/api/photos/{first['id']}/thumbnail.jpg").status == 200  # made, but not kept
    assert [one["id"] for one in client.get("/api/photos")["photos"]] == [first["id"]]
    fails = False
    assert client.add("red", photo("red", 2))["outcome"] == "added"


def test_a_model_is_saved_installed_and_downloaded(options: RetrainOptions, tmp_path: Any) -> None:
    """Save makes a file for the store, and every page sees it; it can be downloaded, and there is a way back."""
    with teaching(options.folder) as made:
        client, session = made.client, made.session
        store = Store(tmp_path / "store")
        handover = ModelHandover(
            dataclasses.replace(options, final=True), announce=session.announce, store=store, progress=Progress()
        )
        session.handover = handover
        assert client.ask("POST", "/api/model/back").status == 409
        with client.events() as events:
            answer = client.ask("POST", "/api/model/save")
            assert (answer.status, answer.json["model"]["store"]) == (202, str(store.root))
            client.ask("POST", "/api/model/save")  # while one is being made, nothing more happens
            done = event(events, "session", lambda state: state["model"]["state"] in ("running", "returned", "refused"))
        model = done["model"]
        assert (model["state"], model["file"]["name"], model["can_go_back"]) == ("running", "tiny.tflite", False)
        answer = client.ask("GET", "/api/model.tflite")
        assert answer.body == options.output.read_bytes() and len(answer.body) == model["file"]["size_bytes"]
        assert answer.headers["Content-Disposition"] == 'attachment; filename="tiny.tflite"'

        client.send("POST", "/api/photos/delete", {"photos": [client.get("/api/photos")["photos"][0]["id"]]})
        client.ask("POST", "/api/model/save")
        handover.wait()
        assert client.get("/api/session")["model"]["can_go_back"] is True
        assert client.ask("POST", "/api/model/back").status == 202
        wait_for(lambda: "back to" in client.get("/api/session")["model"]["text"])
