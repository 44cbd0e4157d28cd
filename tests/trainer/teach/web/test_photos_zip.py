"""The zip of all photos: made while it is read, and opened by other readers."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from edge.serving.answers import Refused
from support import tiny
from support.teach_server import Teaching
from trainer import Dataset
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, TaughtPhoto
from trainer.teach.web.photos_zip import safe_name, zip_photos
from trainer.teach.web.served import Served
from trainer.teach.web.session_routes import handover_rules


def photo(path: Path, relative: str | None = None, added_s: float = 1.7e9) -> TaughtPhoto:
    """The photo at ``path``, which lies at ``relative``."""
    content = path.read_bytes() if path.exists() else b""
    sha256 = hashlib.sha256(content).digest()
    label, _, _ = (relative or path.name).partition("/")
    name = relative or path.name
    return TaughtPhoto(sha256.hex()[:32], sha256, path, name, CLASS, label, added_s, len(content))


def test_a_zip_is_read_by_zipfile_and_by_the_trainer(tmp_path: Path) -> None:
    """A zip of 201 photos has every byte of them, and its folder is one that the trainer reads."""
    tiny.paint_folder(tmp_path / "photos", 67)
    folders = ClassFolders(tmp_path / "photos")
    photos = folders.of(CLASS)
    content = b"".join(zip_photos(photos, "photos", lambda id_: folders.photos.get(id_)))
    folders.close()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        # No entry has its size after its data: readers that read from the start to the end need it before.
        assert {entry.flag_bits & 0x08 for entry in archive.infolist()} == {0}
        archive.extractall(tmp_path / "elsewhere")
    for one in photos:
        assert (tmp_path / "elsewhere/photos" / one.relative).read_bytes() == one.path.read_bytes()
    dataset = Dataset.from_folder(tmp_path / "elsewhere/photos")
    assert (dataset.labels, len(dataset.photos)) == (("blue", "green", "red"), 201)


def test_the_memory_is_that_of_one_photo(tmp_path: Path) -> None:
    """Forty photos of a megabyte take a few megabytes of memory while they are sent."""
    photos = []
    for number in range(40):
        (tmp_path / f"{number}.jpg").write_bytes(bytes([number]) * 1_000_000)
        photos.append(photo(tmp_path / f"{number}.jpg", f"rose/{number}.jpg"))
    tracemalloc.start()
    try:
        size = sum(map(len, zip_photos(photos, "photos", lambda id_: None)))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 40_000_000 and most < 5_000_000


def test_photos_that_move_or_go_meanwhile(tmp_path: Path) -> None:
    """A moved photo is read at its new place, under its first name; one that is gone is skipped."""
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    photos = [photo(tmp_path / name, f"rose/{name}.jpg") for name in ("a", "b", "c")]
    (tmp_path / "b").rename(tmp_path / "moved")
    (tmp_path / "c").unlink()
    newest = {photos[1].id: photos[1]._replace(path=tmp_path / "moved", relative="tulip/b.jpg")}
    content = b"".join(zip_photos(photos, "photos", newest.get))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "photos/rose/a.jpg": b"a",
            "photos/rose/b.jpg": b"b",
        }


@pytest.mark.parametrize(
    ("relative", "name"),
    [
        ("rose/plain.jpg", "rose/plain.jpg"),
        ("Rosé/薔薇.jpg", "Rosé/薔薇.jpg"),
        ("rose/a\\b:c.jpg", "rose/a_b_c.jpg"),
        ("rose/\udcff\n.jpg", "rose/__.jpg"),
    ],
)
def test_names_are_safe_on_every_system(relative: str, name: str) -> None:
    """What a system does not allow in a name, or what is not Unicode, becomes an underscore."""
    assert safe_name(relative) == name


def test_no_name_is_there_twice(tmp_path: Path) -> None:
    """Two names that are one on some systems get a number, and a time before 1980 is one that a zip can say."""
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    names = {"a": "rose/one.jpg", "b": "rose/ONE.jpg", "c": "rose/one.jpg"}
    photos = [photo(tmp_path / name, relative, added_s=-5.0) for name, relative in names.items()]
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_photos(photos, "p", lambda id_: None)))) as archive:
        assert archive.namelist() == ["p/rose/one.jpg", "p/rose/ONE-2.jpg", "p/rose/one-3.jpg"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_zips_that_begin_together_stay_bounded(served: Teaching) -> None:
    """Three requests that come before the first byte of any are answered; while they are, the next one is refused."""
    from starlette.requests import Request

    async def ask() -> None:
        (zip_,) = (rule.handler for rule in handover_rules(Served(served.session)) if rule.path == "/api/photos.zip")
        request = Request({"type": "http", "method": "GET", "headers": []})
        answers = [await zip_(request) for _ in range(3)]
        for answer in answers:
            assert await anext(answer.body_iterator)  # type: ignore[attr-defined]
        with pytest.raises(Refused, match="too many zips at the same time"):
            await zip_(request)
        for answer in answers:
            await answer.body_iterator.aclose()  # type: ignore[attr-defined]
        await zip_(request)

    asyncio.run(ask())


def test_no_photos_are_an_empty_zip() -> None:
    """A session without photos gives a zip that can be opened."""
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_photos([], "p", lambda id_: None)))) as archive:
        assert archive.namelist() == []
