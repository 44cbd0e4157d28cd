"""The names of new photos, and what an upload must be."""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import unicodedata
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from edge.errors import ImageError
from edge.sinks.capture.time_name import time_name
from edge.sources.files import reason_to_ignore
from support.pictures import noise_picture
from trainer.photos.dataset import Dataset
from trainer.photos.name_groups import name_groups
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.folders.photo_names import HoldNames, check_picture, uploaded_name
from trainer.teach.state import CLASS, Hold

TIME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-")


@given(st.one_of(st.none(), st.text(max_size=300), st.sampled_from(["../../etc/passwd", "a\\b.png", ".hidden.jpg"])))
@example("x" * 300 + ".JPEG")
@example("..")
def test_an_uploaded_name_is_one_safe_name(name: str | None) -> None:
    """Whatever name a browser sends, the file has a short name of its own in one folder, with the format's ending."""
    kept = uploaded_name(name, "JPEG")
    assert TIME.match(kept)
    assert Path(kept).name == kept and "/" not in kept and "\\" not in kept and kept.isprintable()
    assert kept.endswith((".jpg", ".jpeg", ".jpe"))
    assert len(os.fsencode(kept)) <= 160
    assert unicodedata.is_normalized("NFC", kept) and reason_to_ignore(kept) is None


@pytest.mark.parametrize(
    ("name", "form", "kept"),
    [
        ("IMG_1234.JPG", "JPEG", "IMG_1234.jpg"),
        ("IMG_1234.JPG", "PNG", "IMG_1234_JPG.png"),
        ("C:\\Users\\me\\rose.jpeg", "JPEG", "rose.jpeg"),
        ("Ga\u0308nse blume.heic", "HEIC", "Gänse blume.heic"),
        ("", "WEBP", "photo.webp"),
        (None, "MPO", "photo.jpg"),
        ("???", "TIFF", "photo.tif"),
        ("my.best.rose.gif", "GIF", "my_best_rose.gif"),
    ],
)
def test_what_stays_of_an_uploaded_name(name: str | None, form: str, kept: str) -> None:
    """Letters, digits, blanks and the ending of the format stay."""
    assert TIME.sub("", uploaded_name(name, form)) == kept


def test_a_hold_is_a_group_and_two_holds_are_two() -> None:
    """Holds that started at the same moment, also before a restart, have times of their own in their names."""
    names = HoldNames()
    one, two = Hold("1", 1_795_728_930.123), Hold("2", 1_795_728_930.123)
    made = [names.next(hold, set) for hold in (one, two, one, two)]
    made += [HoldNames().next(one, lambda: {name.partition("_")[0] for name in made[:4]})]
    assert made == [
        "20261126T213530.123Z_nohash_0001.jpg",
        "20261126T213530.124Z_nohash_0001.jpg",
        "20261126T213530.123Z_nohash_0002.jpg",
        "20261126T213530.124Z_nohash_0002.jpg",
        "20261126T213530.125Z_nohash_0001.jpg",
    ]
    groups = name_groups([f"rose/{name}" for name in made])
    assert [groups[f"rose/{name}"] for name in made] == [f"rose/{made[index]}" for index in (0, 1, 0, 1, 4)]


def test_many_holds_are_not_remembered() -> None:
    """Only the names of the last holds are kept in memory."""
    names = HoldNames()
    for number in range(1000):
        names.next(Hold(str(number), float(number)), set)
    assert len(names._last) == 64
    assert time_name(999.0) == "19700101T001639.000Z"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_the_format_of_a_picture(form: str) -> None:
    """The format is that of the bytes."""
    assert check_picture(noise_picture(1, form)) == form


def test_heic_is_kept_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A HEIC photo is kept, and retraining reads it; without the extra the command is named and nothing is written."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    content = noise_picture(1, "HEIF", side=64)
    folders = ClassFolders(tmp_path / "photos")
    for label in ("rose", "tulip"):
        folders.add_class(label)
    photo = folders.add(content, "rose", name="IMG_1.HEIC").photo
    assert (photo.path.read_bytes(), photo.path.suffix) == (content, ".heic")
    folders.add(noise_picture(2), "tulip")
    assert photo.sha256 in {found.sha256 for found in Dataset.from_folder(folders.root, layout="classes").photos}
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError) as raised:
        folders.add(noise_picture(3, "HEIF", side=64), "rose", name="IMG_2.HEIC")
    assert str(raised.value) == "HEIC photo: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"
    assert len(folders.of(CLASS)) == 2
    folders.close()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 20,000 x 20,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not an image of a known format"),
        (b"<html>", "a web page, not a photo"),
        (noise_picture(1, side=64)[:-200], "image file is truncated"),
        (bomb(), "too large: more than 89,478,485 pixels; scale it down"),
    ],
)
def test_what_is_not_a_picture_is_not_added(tmp_path: Path, content: bytes, why: str) -> None:
    """An upload that cannot be decoded within the limits leaves no file and no action."""
    folders = ClassFolders(tmp_path / "photos")
    folders.add_class("rose")
    with pytest.raises(ImageError, match=why):
        folders.add(content, "rose", name="rose.jpg")
    assert (folders.photos, list((tmp_path / "photos" / "rose").iterdir())) == ({}, [])
    assert folders.undoable and folders.undoable.text == "class rose added"
    folders.close()


def test_exif_stays(tmp_path: Path) -> None:
    """The turn and the time in a photo stay: the bytes are not changed."""
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", (20, 10), "red").save(buffer, "JPEG", exif=exif.tobytes())
    folders = ClassFolders(tmp_path / "photos")
    folders.add_class("rose")
    photo = folders.add(buffer.getvalue(), "rose").photo
    with Image.open(photo.path) as picture:
        assert picture.getexif()[0x112] == 6
    assert photo.size_bytes == len(buffer.getvalue())
    folders.close()
