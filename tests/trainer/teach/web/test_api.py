"""What the API does with photos and classes, over real connections; ``ask`` compares every answer with the document."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from support.colours import COLOURS, encoded, ramp
from support.teach_server import Client, Teaching, photo
from support.waiting import wait_for
from trainer import Dataset

Ids = dict[str, list[str]]


@pytest.fixture
def taught(client: Client) -> Ids:
    """The ids of four photos of each of two classes."""
    for label in ("red", "green"):
        client.add_class(label)
    return {
        label: [client.add(label, photo(label, seed), f"{seed}.png")["id"] for seed in range(4)]
        for label in ("red", "green")
    }


def counts(client: Client) -> dict[str, int]:
    """The number of photos of each class."""
    return {one["name"]: one["photos"] for one in client.get("/api/session")["classes"]}


def test_an_empty_session(client: Client) -> None:
    """A new folder has no classes, nothing to undo and no model."""
    state = client.get("/api/session")
    assert (state["folder"], state["classes"], state["undo"], state["redo"]) == ("photos", [], None, None)
    assert state["model"]["state"] == "none" and state["recording"] is None
    assert state["backbone"]["quantization"] == "int8"
    assert client.get("/api/photos") == {"total": 0, "photos": []}


def test_a_photo_is_added_once(client: Client, served: Teaching) -> None:
    """The file has the bytes that were sent; sent again, and to another class, nothing changes."""
    client.add_class("red")
    client.add_class("green")
    content = photo("red", 1)
    added = client.add("red", content, "../../evil.png")
    assert (added["class"], added["outcome"]) == ("red", "added")
    version = client.get("/api/session")["undo"]
    assert client.add("red", content) == {**added, "outcome": "present"}
    assert client.add("green", content) == {**added, "outcome": "elsewhere"}
    assert client.get("/api/session")["undo"] == version
    (path,) = (served.session.folder / "red").iterdir()
    assert path.read_bytes() == content and path.suffix == ".png"
    assert counts(client) == {"red": 1, "green": 0}


def test_classes(client: Client, taught: Ids) -> None:
    """A class is added, renamed, merged and deleted, and each is undone and done again."""
    assert client.send("PUT", "/api/classes/nothing") == {"name": "nothing"}
    before = client.get("/api/session")["version"]
    assert client.send("PUT", "/api/classes/nothing") == {"name": "nothing"}
    decomposed = quote("Rose\u0301 & 薔薇")
    assert client.send("PUT", f"/api/classes/{decomposed}") == {"name": "Rosé & 薔薇"}
    done = client.send("POST", "/api/classes/red/rename", {"to": "crimson"})
    assert done["version"] > before and "crimson" in done["action"]["text"]
    assert client.send("POST", "/api/classes/crimson/rename", {"to": "crimson"})["action"] is None
    client.send("POST", "/api/classes/crimson/merge", {"into": "green"})
    assert counts(client) == {"green": 8, "nothing": 0, "Rosé & 薔薇": 0}
    deleted = client.send("DELETE", "/api/classes/green")["action"]
    assert (counts(client), client.get("/api/session")["trash"]["photos"]) == ({"nothing": 0, "Rosé & 薔薇": 0}, 8)
    assert client.get("/api/session")["undo"] == deleted
    client.send("POST", "/api/undo", {"action": deleted["id"]})
    assert counts(client)["green"] == 8
    client.send("POST", "/api/redo", {"action": client.get("/api/session")["redo"]["id"]})
    assert "green" not in counts(client)


def test_photos_are_assigned_and_deleted(client: Client, taught: Ids) -> None:
    """Any number moves in one action; sent again, nothing more changes; an old undo changes nothing."""
    move = {"photos": taught["red"][:3], "class": "green"}
    done = client.send("POST", "/api/photos/assign", move)
    assert done["action"]["text"] == "3 photos to green" and counts(client) == {"red": 1, "green": 7}
    assert client.send("POST", "/api/photos/assign", move)["action"] is None
    gone = client.send("POST", "/api/photos/delete", {"photos": taught["green"]})["action"]
    assert client.send("POST", "/api/photos/delete", {"photos": taught["green"]})["action"] is None
    assert counts(client) == {"red": 1, "green": 3}
    assert client.send("POST", "/api/undo", {"action": done["action"]["id"]})["action"] is None
    assert client.send("POST", "/api/undo", {"action": gone["id"]})["action"] is not None
    assert client.send("POST", "/api/undo", {"action": gone["id"]})["action"] is None
    assert counts(client) == {"red": 1, "green": 7}


def test_the_trash_is_emptied_with_its_thumbnails(client: Client, taught: Ids, served: Teaching) -> None:
    """Photos are gone for good; there is nothing to undo; thumbnails of the other photos stay."""
    for id_ in (taught["red"][0], taught["green"][0]):
        assert client.ask("GET", f"/api/photos/{id_}/thumbnail.jpg").status == 200
    client.send("POST", "/api/photos/delete", {"photos": taught["red"][:2]})
    assert {one["id"] for one in client.get("/api/photos", place="trash")["photos"]} == set(taught["red"][:2])
    assert client.send("POST", "/api/trash/empty")["action"] is None
    client.send("POST", "/api/trash/empty")
    state = client.get("/api/session")
    assert (state["trash"], state["undo"]) == ({"photos": 0, "bytes": 0}, None)
    kept = list((served.session.folder / ".teach" / "thumbnails").iterdir())
    assert [path.stem for path in kept] == [taught["green"][0]]
    assert client.ask("GET", f"/api/photos/{taught['red'][0]}/thumbnail.jpg").status == 404


def test_lists_of_photos(client: Client, taught: Ids) -> None:
    """Lists have an order, a choice and parts; the answers of the model come with the photos."""
    wait_for(lambda: client.get("/api/session")["learning"]["state"] == "ready")
    everything = client.get("/api/photos", order="oldest")
    assert everything["total"] == 8 and {one["place"] for one in everything["photos"]} == {"classes"}
    ids = [one["id"] for one in everything["photos"]]
    assert [one["id"] for one in client.get("/api/photos", order="newest")["photos"]] == ids[::-1]
    part = client.get("/api/photos", order="oldest", offset=3, limit=2)
    assert (part["total"], [one["id"] for one in part["photos"]]) == (8, ids[3:5])
    red = client.get("/api/photos", **{"class": "red"})
    assert {one["id"] for one in red["photos"]} == set(taught["red"])
    assert {one["answer"]["label"] for one in red["photos"]} == {"red"}
    assert client.get("/api/photos", filter="new")["total"] == 8
    assert client.get("/api/photos", filter="disagrees")["total"] == 0
    assert client.get("/api/photos", place="inbox")["total"] == 0


def test_one_photo(client: Client, taught: Ids) -> None:
    """A photo has its scores, its nearest photos and its size."""
    wait_for(lambda: client.get("/api/session")["learning"]["state"] == "ready")
    one = client.get(f"/api/photos/{taught['red'][0]}")
    assert (one["class"], one["width"], one["height"], one["bytes"]) == ("red", 48, 40, len(photo("red", 0)))
    assert [score["label"] for score in one["scores"]] == ["red", "green"]
    assert sum(score["score"] for score in one["scores"]) == pytest.approx(1, abs=1e-5)
    assert {near["class"] for near in one["neighbours"][:3]} == {"red"}
    assert taught["red"][0] not in {near["id"] for near in one["neighbours"]}


def test_a_photo_that_is_being_moved(
    client: Client, taught: Ids, served: Teaching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A photo whose file is not there for a moment is 503 with Retry-After, not 404."""
    monkeypatch.setattr(served.session, "details", lambda id_: None)
    answer = client.ask("GET", f"/api/photos/{taught['red'][0]}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json == {"error": "the photo is being moved; ask again"}


def test_pictures_of_a_photo(client: Client) -> None:
    """Thumbnail and large picture are JPEGs that a browser may keep, as an id always means the same picture."""
    client.add_class("ramp")
    id_ = client.add("ramp", encoded(ramp((2000, 1000)), "PNG"))["id"]
    for name, size in {"thumbnail": (320, 160), "picture": (1600, 800)}.items():
        answer = client.ask("GET", f"/api/photos/{id_}/{name}.jpg")
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.body)).size == size
    assert client.ask("GET", f"/api/photos/{id_}").headers["Cache-Control"] == "no-store"


def test_photos_as_a_zip(client: Client, taught: Ids, tmp_path: Path) -> None:
    """The zip has the class folders of the session, and the trainer reads them."""
    answer = client.ask("GET", "/api/photos.zip")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''photos.zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        archive.extractall(tmp_path / "elsewhere")
    assert Dataset.from_folder(tmp_path / "elsewhere" / "photos").labels == ("green", "red")
    assert client.ask("HEAD", "/api/photos.zip").body == b""


@pytest.mark.parametrize("path", ["/api/model/save", "/api/model/back"])
def test_a_session_without_models(client: Client, path: str) -> None:
    """Without a handover there is nothing to save and nothing to download."""
    assert client.ask("POST", path).status == 409
    assert client.ask("GET", "/api/model.tflite").status == 404


def test_a_session_without_a_camera(client: Client, taught: Ids) -> None:
    """Nothing is recorded, and the line says what to do instead."""
    answer = client.ask("PUT", "/api/recording", {"class": "red", "hold": "1"})
    assert (answer.status, answer.json["error"]) == (409, "there is no camera in this session; add photos from files")
    assert client.send("DELETE", "/api/recording?hold=1") == {"recording": None}


def test_the_colours_are_the_classes(client: Client) -> None:
    """Classes stand in the order in which they were added."""
    for label in ("red", "blue", "green"):
        client.add_class(label)
    assert list(counts(client)) == ["red", "blue", "green"] and set(counts(client)) == set(COLOURS)
