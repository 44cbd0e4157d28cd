"""The look of a photo: the same for every model, with the time and the camera of EXIF."""

from __future__ import annotations

import io
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.preprocess import decode
from trainer.photos.drawn_flowers import draw_flower
from trainer.photos.look import LOOK_SIZE, Look, look_of, make_look


def jpeg(picture: Image.Image, **options: object) -> bytes:
    """``picture`` as the bytes of a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def exif(**tags: object) -> bytes:
    """EXIF with ``taken``, ``subsecond``, ``make``, ``model`` and ``serial`` as given."""
    data = Image.Exif()
    for name, tag in (("make", 0x010F), ("model", 0x0110)):
        if name in tags:
            data[tag] = tags[name]
    details = data.get_ifd(0x8769)
    for name, tag in (("taken", 0x9003), ("subsecond", 0x9291), ("serial", 0xA431)):
        if name in tags:
            details[tag] = tags[name]
    return data.tobytes()


def look(content: bytes, size: int = 128) -> Look:
    """The look of a photo that is decoded for a model of ``size`` pixels."""
    return look_of(content, decode(content, (size, size)), (size, size))


@pytest.mark.parametrize("shape", [(300, 200), (1700, 1700), (2400, 1600), (3000, 400), (5, 4)])
def test_the_model_changes_nothing(shape: tuple[int, int]) -> None:
    """Whatever the input size of the model, and so the size at which a JPEG is decoded: the same pixels."""
    content = jpeg(draw_flower("daisy", 5, 400).resize(shape), quality=90)
    looks = [look(content, size) for size in (64, 96, 128, 224, 299, 512)]
    assert {each.pixels.tobytes() for each in looks} == {looks[0].pixels.tobytes()}
    assert (looks[0].pixels.shape, looks[0].pixels.dtype) == ((LOOK_SIZE, LOOK_SIZE), np.uint8)


def test_a_look_is_the_whole_photo() -> None:
    """Left and right, top and bottom are where they were."""
    picture = Image.new("RGB", (640, 320), "white")
    picture.paste("black", (0, 0, 320, 160))
    pixels = make_look(picture).pixels
    assert (pixels[:31, :31] == 0).all() and (pixels[33:] == 255).all() and (pixels[:, 33:] == 255).all()


def test_time_and_camera_are_read() -> None:
    """The time of the shot with its fraction, and maker, model and serial number."""
    found = look(
        jpeg(
            draw_flower("tulips", 1, 80),
            exif=exif(taken="2024:01:31 12:00:00", subsecond="25", make="Maker\0", model="Model 1 ", serial="77"),
        )
    )
    assert found.taken_s == 1706702400.25
    assert found.camera == "Maker Model 1 77"


@pytest.mark.parametrize(
    "tags",
    [{}, {"taken": "0000:00:00 00:00:00"}, {"taken": "yesterday"}, {"taken": "    :  :     :  :  "}, {"taken": ""}],
)
def test_a_time_that_is_none(tags: dict[str, str]) -> None:
    """A camera without a clock writes zeros or blanks: no time, and the camera is still known."""
    found = look(jpeg(draw_flower("tulips", 1, 80), exif=exif(make="Maker", **tags)))
    assert math.isnan(found.taken_s)
    assert found.camera == "Maker"


@given(st.binary(max_size=60))
def test_broken_exif_is_none(garbage: bytes) -> None:
    """Any bytes as EXIF: the look has pixels, and at most a time and a name."""
    picture = draw_flower("tulips", 1, 40)
    picture.info["exif"] = b"Exif\0\0" + garbage
    found = make_look(picture)
    assert (found.pixels == make_look(draw_flower("tulips", 1, 40)).pixels).all()
    assert len(found.camera) <= 200


def directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    """A TIFF directory of ``entries`` as (tag, type, count, value)."""
    return struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)


@pytest.mark.parametrize("hostile", ["first directory", "details"])
def test_exif_that_would_be_copied_often_is_not_read(hostile: str) -> None:
    """A directory whose entries would be copied to more than 64 MB gives neither a camera nor a time."""
    taken, make = b"2024:01:31 12:00:00\0", b"Maker\0"
    camera, details = (0x010F, 2, len(make), 8), (0x8769, 4, 1, 8 + len(make) + len(taken))
    many = [(tag, 7, 60_000, 8) for tag in range(0xA500, 0xA500 + 5_000)]
    own = directory([(0x9003, 2, len(taken), 8 + len(make)), *(many if hostile == "details" else [])])
    block = make + taken + own
    first = directory([camera, details, *(many if hostile == "first directory" else [])])
    picture = draw_flower("tulips", 1, 40)
    picture.info["exif"] = b"Exif\0\0II*\0" + struct.pack("<I", 8 + len(block)) + block + first
    found = make_look(picture)
    assert math.isnan(found.taken_s)
    assert found.camera == ("Maker" if hostile == "details" else "")


@given(st.integers(0, 255), st.floats(allow_infinity=False), st.text(st.characters(codec="utf-8"), max_size=50))
def test_bytes_keep_a_look(grey: int, taken_s: float, camera: str) -> None:
    """What is written can be read again."""
    written = Look(np.full((LOOK_SIZE, LOOK_SIZE), grey, np.uint8), taken_s, camera)
    read = Look.from_bytes(written.to_bytes())
    assert (read.pixels == written.pixels).all()
    assert (read.taken_s == taken_s or math.isnan(taken_s)) and read.camera == camera
