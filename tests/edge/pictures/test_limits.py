"""Limits of memory and of time for one picture."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from edge.errors import ImageError
from edge.pictures import limits
from edge.pictures.open_image import open_image
from edge.preprocess import decode, preprocess, squash, to_rgb
from support.colours import encoded, plain, ramp
from support.png import png_of_rows

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SIZE = (32, 32)


def _jpeg(width: int, height: int, *, progressive: bool = False, extra_scans: int = 0) -> bytes:
    """A JPEG that says it has ``width`` x ``height`` pixels, and has the last scan of a small one again and again."""
    buffer = io.BytesIO()
    ramp((16, 16)).save(buffer, "JPEG", progressive=progressive)
    content = bytearray(buffer.getvalue())
    frame = content.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    content[frame : frame + 4] = struct.pack(">HH", height, width)
    scan = bytes(content[content.rindex(b"\xff\xda") : -2])
    return bytes(content[:-2]) + scan * extra_scans + b"\xff\xd9"


@pytest.mark.filterwarnings("ignore:Image size")
def test_jpeg_of_a_phone_is_read_at_reduced_size() -> None:
    """The limit of pixels counts those that are decoded: a JPEG of 110 and of 200 megapixels has pixels."""
    for width, height in ((12_000, 9_216), (16_320, 12_240)):
        buffer = io.BytesIO()
        Image.new("L", (width, height), 77).save(buffer, "JPEG")
        assert np.abs(preprocess(buffer.getvalue(), SIZE).astype(int) - 77).max() <= 1
    with pytest.raises(ImageError, match="too large: more than 89,478,485 pixels; scale it down"):
        decode(buffer.getvalue())


def test_jpeg_of_many_scans() -> None:
    """Scans cost time, each for all blocks: their product has a limit, and a photo of ten scans is far below it."""
    with pytest.raises(ImageError, match=r"takes too long to decode: 7,\d\d\d scans of 2,070,937 blocks"):
        preprocess(_jpeg(9400, 9400, progressive=True, extra_scans=7000), SIZE)
    buffer = io.BytesIO()
    Image.new("RGB", (5000, 4000), "red").save(buffer, "JPEG", progressive=True)
    assert preprocess(buffer.getvalue(), SIZE).shape == (32, 32, 3)


def test_coefficients_of_a_progressive_jpeg_count() -> None:
    """A decoder keeps the coefficients of a whole progressive JPEG, even if it gives the pixels at reduced size."""
    with pytest.raises(ImageError, match=r"too large: takes 588 MB of memory, more than 300; scale it down"):
        preprocess(_jpeg(16_000, 12_000, progressive=True), SIZE)


PEAK = """
import json, resource
from edge.errors import ImageError
from edge.preprocess import preprocess
preprocess("small", (32, 32))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    preprocess("photo", (32, 32))
except ImageError as error:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"error": str(error), "grown_kilobytes": after - before}))
"""


def _refusal(photo: bytes, folder: Path, python: Run) -> dict:
    """The error with which a process that has read a small picture refuses ``photo``, and how much it grew."""
    (folder / "small").write_bytes(png_of_rows(40, 40, bits=1, channels=1))
    (folder / "photo").write_bytes(photo)
    return json.loads(python("-W", "ignore", "-c", PEAK).stdout)


@pytest.mark.parametrize(("form", "mode", "pixels"), [("WEBP", "RGB", 19_000_000), ("PNG", "RGBA", 76_000_000)])
def test_memory_depends_on_format_and_mode(form: str, mode: str, pixels: int, tmp_path: Path, python: Run) -> None:
    """A small file of many pixels is refused before its memory is taken; the limit depends on format and mode."""
    side = int(pixels**0.5)
    if form == "PNG":
        content = png_of_rows(side, side, bits=8, channels=4)
    else:
        small = encoded(plain("red", (16, 16)), "WEBP")
        at = small.index(b"\x9d\x01\x2a") + 3
        content = small[:at] + struct.pack("<HH", side, side) + small[at + 4 :]
    said = _refusal(content, tmp_path, python)
    assert said["error"].startswith("too large: takes 30") and said["error"].endswith("more than 300; scale it down")
    assert said["grown_kilobytes"] < 30_000


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (12_000, 10_000), (9460, 9460)])
def test_decompression_bomb(width: int, height: int, tmp_path: Path, python: Run) -> None:
    """A few kilobytes that would unpack to gigabytes are refused before any of it is unpacked, with one limit."""
    bomb = png_of_rows(width, height, bits=1, channels=1)
    assert len(bomb) < 100_000
    said = _refusal(bomb, tmp_path, python)
    assert said["error"] == "too large: more than 89,478,485 pixels; scale it down"
    assert said["grown_kilobytes"] < 20_000


def test_limit_of_pixels_is_that_of_pillow() -> None:
    """The largest picture is the largest that Pillow opens without a warning."""
    assert limits.MAX_PIXELS == Image.MAX_IMAGE_PIXELS


def _all_at_once(content: bytes, size: tuple[int, int]) -> np.ndarray:
    """The pixels of ``content`` as they are defined: every step on the whole picture."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return np.asarray(squash(to_rgb(picture), size), np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16"])
def test_rows_give_the_pixels_of_the_whole(mode: str, orientation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pictures are turned, put on white and reduced some rows at a time, with the same pixels in every mode."""
    random = np.random.default_rng(orientation)
    picture = Image.fromarray(random.integers(0, 256, (611, 437, 4), np.uint8), "RGBA")
    if mode == "I;16":
        picture = Image.fromarray(random.integers(0, 65_536, (611, 437), np.uint16))
    elif mode == "P":
        picture = picture.convert("RGB").quantize(64)
        picture.info["transparency"] = 3
    else:
        picture = picture.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", exif=exif)
    monkeypatch.setattr("edge.preprocess._WHOLE_AT_ONCE", 0)
    monkeypatch.setattr("edge.preprocess._ROWS", 20)
    for size in ((32, 32), (50, 17), (224, 30)):
        assert np.array_equal(preprocess(buffer.getvalue(), size), _all_at_once(buffer.getvalue(), size))


def test_libtiff_and_pillow_are_silent(tmp_path: Path, edge_command: Run, model: Callable[..., Path]) -> None:
    """Damaged TIFF files give one line each on stderr, whatever the libraries would print."""
    photos = tmp_path / "photos"
    photos.mkdir()
    buffer = io.BytesIO()
    ramp((200, 200)).save(buffer, "TIFF", compression="tiff_lzw")
    content = bytearray(buffer.getvalue())
    random = np.random.default_rng(0)
    for index in range(20):
        changed = bytearray(content)
        for position in random.integers(8, len(content), 40):
            changed[position] = random.integers(0, 256)
        (photos / f"{index:02}.tif").write_bytes(bytes(changed))
    ended = edge_command("label", "--model", str(model()), str(photos))
    lines = ended.stderr.splitlines()
    assert all(line.startswith("edge: ") for line in lines), lines
    assert len(lines) <= 22


def test_exif_that_points_at_itself() -> None:
    """An EXIF block whose entries would be copied to more than 64 MB is not read; the photo is."""
    entries = 5000
    block = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", entries)
    block += b"".join(struct.pack("<HHII", tag, 7, 60_000, 8) for tag in range(entries))
    assert not limits.may_read_exif({"exif": b"Exif\x00\x00" + block})
    assert limits.may_read_exif({"exif": b"Exif\x00\x00" + block[:20_000]})


def test_tiff_of_a_million_strips() -> None:
    """Pillow makes a number of each strip when it opens a TIFF, so their number is checked before."""
    entry = struct.pack("<HHHII", 1, 273, 4, 1_000_001, 8)
    with pytest.raises(ImageError, match="damaged: more than 1,000,000 strips or tiles"):
        open_image(b"II*\x00\x08\x00\x00\x00" + entry)


def test_slow_ppm() -> None:
    """A PPM that Pillow decodes in Python has a limit of its own; the usual one has not."""
    slow = b"P6 5000 4000 65535\n" + bytes(5000 * 4000 * 6)
    with pytest.raises(
        ImageError, match="a PPM that is slow to read, with more than 16,000,000 values; save it as PNG"
    ):
        preprocess(slow, SIZE)
    assert preprocess(b"P6 5000 4000 255\n" + bytes(5000 * 4000 * 3), SIZE).max() == 0
