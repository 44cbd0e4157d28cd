"""HEIC and AVIF: upright, never turned twice, and refused with the command if the package is missing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from edge.errors import ImageError
from edge.pictures.formats import RAW
from edge.preprocess import decode, preprocess
from support.colours import COLOURS, encoded, plain, ramp

FORMS = ("HEIF", "AVIF")


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """``picture`` as a HEIC or AVIF file; the test is skipped if nothing here can write one."""
    if form == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    elif not pytest.importorskip("PIL.AvifImagePlugin").SUPPORTED:
        pytest.skip("Pillow is built without AVIF here")
    return encoded(picture, form, quality=95, **options)


@pytest.mark.parametrize("form", FORMS)
def test_colours(form: str, tmp_path: Path) -> None:
    """A file is decoded from a path, from bytes and from an open file, whatever its name says."""
    content = _encoded(plain("red"), form)
    (tmp_path / "red.jpg").write_bytes(content)
    with (tmp_path / "red.jpg").open("rb") as file:
        pictures = [preprocess(source, (32, 32)) for source in (content, tmp_path / "red.jpg", file)]
    for pixels in pictures:
        assert pixels.shape == (32, 32, 3)
        assert np.abs(pixels.astype(int) - COLOURS["red"]).max() <= 4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_upright_once(form: str, orientation: int) -> None:
    """The file's own turn and mirror are applied, and the EXIF orientation is not applied again."""
    exif = Image.Exif()
    exif[0x112] = orientation
    turned = Image.open(io.BytesIO(encoded(ramp((96, 64)), "JPEG", quality=95, exif=exif.tobytes())))
    upright = ImageOps.exif_transpose(turned).convert("RGB")
    found = decode(_encoded(ramp((96, 64)), form, exif=exif.tobytes()))
    assert found.size == upright.size
    assert np.abs(np.subtract(found, upright, dtype=int)).mean() < 3


@pytest.mark.parametrize("form", FORMS)
def test_transparency_is_white(form: str) -> None:
    """A transparent picture lies on white, as for PNG."""
    picture = plain("blue").convert("RGBA")
    picture.putalpha(0)
    assert np.asarray(decode(_encoded(picture, form))).min() >= 250


def test_more_than_eight_bits() -> None:
    """A HEIC photo of a camera with 10 bits a colour has the same colours with 8."""
    heif = pytest.importorskip("pillow_heif")
    wide = np.asarray(ramp((96, 64))).astype(np.uint16) * 257
    file = io.BytesIO()
    heif.from_bytes(mode="RGB;16", size=(96, 64), data=wide.tobytes()).save(file, quality=95)
    assert np.abs(np.subtract(decode(file.getvalue()), ramp((96, 64)), dtype=int)).mean() < 2


@pytest.mark.parametrize("form", FORMS)
def test_a_large_photo_is_decoded_itself(form: str) -> None:
    """A thumbnail in the file is not used in place of the photo."""
    options = {"thumbnails": [320]} if form == "HEIF" else {}
    content = _encoded(ramp((2000, 1200)), form, **options)
    assert decode(content, (128, 128)).size == (2000, 1200)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated(form: str, share: float) -> None:
    """A part of a photo is refused as damaged, in one line."""
    content = _encoded(ramp((200, 200)), form)
    with pytest.raises(ImageError, match="damaged") as refusal:
        decode(content[: int(share * len(content))])
    assert "\n" not in str(refusal.value)


@settings(max_examples=60)
@given(st.sampled_from(FORMS), st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6))
def test_hostile_bytes(form: str, changes: list[tuple[float, int]]) -> None:
    """However the bytes are changed, there are pixels of the right shape or an ImageError."""
    content = bytearray(_encoded(ramp((40, 30)), form))
    for position, value in changes:
        content[int(position * len(content))] = value
    try:
        assert preprocess(bytes(content), (32, 32)).shape == (32, 32, 3)
    except ImageError as error:
        assert str(error)


def test_without_the_package_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A HEIC photo is refused with the command that installs what it needs."""
    content = _encoded(plain("red"), "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError) as raised:
        decode(content)
    assert str(raised.value) == "HEIC photo: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"


def test_an_old_pillow_names_the_command_for_avif(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow before 11.3 has no reader for AVIF; the extra brings one that has."""
    content = _encoded(plain("red"), "AVIF")
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    monkeypatch.delattr("PIL.AvifImagePlugin", raising=False)
    with pytest.raises(ImageError) as raised:
        decode(content)
    assert str(raised.value) == "AVIF photo: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"


@pytest.mark.parametrize(
    ("tags", "is_raw"), [({50706: b"\1\4\0\0"}, True), ({254: 1, 330: (8,)}, True), ({254: 2}, False), ({}, False)]
)
def test_a_raw_photo_is_not_its_preview(tags: dict[int, object], is_raw: bool) -> None:
    """The first picture in a TIFF of a camera's raw data is a small preview; it is not used."""
    content = encoded(plain("red"), "TIFF", tiffinfo=tags)
    if is_raw:
        with pytest.raises(ImageError, match=RAW):
            decode(content)
    else:
        assert decode(content).size == plain("red").size
