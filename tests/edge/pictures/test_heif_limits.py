"""Limits of HEIC and AVIF files: what their pictures are, whatever the file says of them, and the number of parts."""

from __future__ import annotations

import io
import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import ImageError
from edge.pictures import heif_limits
from edge.pictures.coded_pictures import MAX_UNITS, Units, av1_pictures, hevc_pictures, hevc_settings_pictures
from edge.pictures.heif_boxes import read_items
from edge.pictures.heif_limits import MAX_FILE_BYTES, check_heif
from edge.preprocess import preprocess
from support.colours import ramp
from support.heif_files import Coded, Item, box, coded, grid, heif, size_of

FORMS = {"HEIF": "HEIC", "AVIF": "AVIF"}
SIZE = (160, 120)


def _coded(form: str, picture: Image.Image | None = None, **options: object) -> Coded:
    """A coded picture; the test is skipped if nothing here can write one."""
    if form == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    elif not pytest.importorskip("PIL.AvifImagePlugin").SUPPORTED:
        pytest.skip("Pillow is built without AVIF here")
    return coded(form, picture or ramp(SIZE), **options)


def _check(content: bytes, form: str) -> None:
    check_heif(io.BytesIO(content), len(content), FORMS[form])


def _item(made: Coded, size: tuple[int, int] = SIZE, **others: object) -> Item:
    return Item(made.kind, made.content, (made.settings, size_of(*size)), **others)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_these_boxes_is_read(form: str) -> None:
    """The boxes that are written here are those of a file that the decoders read."""
    made = _coded(form)
    content = heif(made.brand, [_item(made)])
    _check(content, form)
    assert preprocess(content, (32, 32)).shape == (32, 32, 3)


@pytest.mark.parametrize("form", FORMS)
def test_size_and_samples_come_from_the_coded_picture(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that says it is small takes what its own header says."""
    made = _coded(form)
    monkeypatch.setattr(heif_limits, "MAX_HEIC_BYTES", 150_000)
    monkeypatch.setattr(heif_limits, "MAX_AVIF_BYTES", 150_000)
    with pytest.raises(ImageError, match="too large: takes 0 MB of memory, more than 0; scale it down"):
        _check(heif(made.brand, [_item(made, (1, 1))]), form)
    small = _coded(form, ramp((64, 64)))
    _check(heif(small.brand, [_item(small, (64, 64))]), form)


@pytest.mark.parametrize("form", FORMS)
def test_a_grid_that_lies(form: str) -> None:
    """A grid of a few kilobytes whose picture has 90 megapixels is refused, however small the file says it is."""
    made = _coded(form)
    tiles = 70
    items = [Item(b"grid", grid(tiles, tiles, tiles * SIZE[0], tiles * SIZE[1]), (size_of(10, 10),), (2, 3))]
    with pytest.raises(ImageError, match=r"too large: takes \d{3} MB of memory, more than \d+; scale it down"):
        _check(heif(made.brand, [*items, _item(made), _item(made)]), form)


@pytest.mark.parametrize(
    ("form", "options", "expected"),
    [
        ("AVIF", {"subsampling": "4:2:0"}, (160, 120, 1.5, 1)),
        ("AVIF", {"subsampling": "4:4:4"}, (160, 120, 3, 1)),
        ("AVIF", {"subsampling": "4:0:0"}, (160, 120, 1, 1)),
        ("HEIF", {"chroma": 420}, (160, 120, 1.5, 1)),
        ("HEIF", {"chroma": 444}, (160, 120, 3, 1)),
    ],
)
def test_headers(form: str, options: dict[str, object], expected: tuple[float, ...]) -> None:
    """Width, height, samples of a pixel and bytes of a sample, as the encoder wrote them."""
    made = _coded(form, **options)
    content = heif(made.brand, [_item(made)])
    items = {item.kind: item.content for item in read_items(io.BytesIO(content), len(content))}
    read, kind = (av1_pictures, b"av01") if form == "AVIF" else (hevc_settings_pictures, b"hvcC")
    assert list(read(items[kind], Units())) == [expected]
    if form == "HEIF":  # the same unit among those of the picture counts too
        settings = items[b"hvcC"]
        start = settings.index(b"\x42\x01")  # an SPS
        size = int.from_bytes(settings[start - 2 : start], "big")
        assert list(hevc_pictures(struct.pack(">I", size) + settings[start : start + size], Units())) == [expected]


def test_the_first_picture_of_an_animation() -> None:
    """The pictures of an AVIF animation are in a track, and its first one is looked at."""
    _coded("AVIF")
    file = io.BytesIO()
    ramp(SIZE).save(file, "AVIF", save_all=True, append_images=[ramp(SIZE).rotate(180)])
    content = file.getvalue()
    tracks = [item for item in read_items(io.BytesIO(content), len(content)) if item.kind == b"trak"]
    assert [list(av1_pictures(track.content, Units())) for track in tracks] == [[(160, 120, 1.5, 1)]]


@pytest.mark.parametrize("form", FORMS)
def test_limits_of_a_file(form: str) -> None:
    """A file has a largest size and largest numbers of items and parts, and its items may not share too many bytes."""
    made = _coded(form)
    with pytest.raises(ImageError, match=f"too large for a photo in {FORMS[form]}: 64 MiB; it may have 64 MiB"):
        check_heif(io.BytesIO(), MAX_FILE_BYTES + 1, FORMS[form])
    with pytest.raises(ImageError, match="more than 1,000 items in one file; save it as JPEG"):
        _check(heif(made.brand, [_item(made)] * 1001), form)
    with pytest.raises(ImageError, match="damaged: more than 20,000 parts"):
        _check(heif(made.brand, [_item(made, repeats=30_000)]), form)
    with pytest.raises(ImageError, match="damaged: too many of its items share their bytes"):
        _check(heif(made.brand, [_item(made._replace(content=made.content + bytes(10_000)), repeats=10_000)]), form)
    with pytest.raises(ImageError, match="damaged: a box of 17 MiB"):
        _check(heif(made.brand, [_item(made)]) + box(b"moov", bytes(17 << 20)), form)


def test_boxes_in_boxes_in_boxes() -> None:
    """Thousands of boxes inside each other are read as any others, and counted."""
    for depth, refused in ((15_000, False), (25_000, True)):
        nested = b"".join(struct.pack(">I4s", 8 * (depth - level), b"trak") for level in range(depth))
        content = box(b"moov", nested)
        if refused:
            with pytest.raises(ImageError, match="damaged: more than 20,000 parts"):
                read_items(io.BytesIO(content), len(content))
        else:
            assert read_items(io.BytesIO(content), len(content)) == []


def test_items_without_bytes_are_counted() -> None:
    """Lists of a thousand items each are refused after the twentieth: items that have no bytes take time too."""
    places = box(b"iloc", struct.pack(">IHH", 0, 0, 1000), bytes(6 * 1000))
    content = box(b"meta", bytes(4), places * 15)
    assert read_items(io.BytesIO(content), len(content)) == []
    content = box(b"meta", bytes(4), places * 25)
    with pytest.raises(ImageError, match="damaged: more than 20,000 parts"):
        read_items(io.BytesIO(content), len(content))


@pytest.mark.parametrize(("form", "unit"), [("HEIF", b"\0\0\0\0"), ("AVIF", b"\x02\0")])
def test_units_of_all_pictures_are_counted(form: str, unit: bytes) -> None:
    """A thousand pictures may share thousands of empty units; in all, no more than of one picture are looked at."""
    made = _coded(form)._replace(content=unit * (MAX_UNITS // 2 - 100))
    _check(heif(made.brand, [_item(made)] * 2), form)
    with pytest.raises(ImageError, match=f"damaged: {FORMS[form]} photo that cannot be decoded"):
        _check(heif(made.brand, [_item(made)] * 3), form)


def test_units_in_the_settings_are_counted() -> None:
    """The settings of an HEVC decoder may have thousands of empty units too."""
    settings = bytes(22) + b"\1" + struct.pack(">BH", 33, MAX_UNITS + 1) + bytes(2 * MAX_UNITS + 2)
    with pytest.raises(ValueError, match="too many units"):
        list(hevc_settings_pictures(settings, Units()))


def test_a_place_far_behind_the_end() -> None:
    """A track whose picture begins at byte 2**64 - 1 has no bytes."""
    sizes, places = bytes(4) + struct.pack(">I", 1) + bytes(4), bytes(4) + struct.pack(">IQ", 1, 2**64 - 1)
    table = box(b"stbl", box(b"stsz", sizes), box(b"co64", places))
    content = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", table))))
    assert read_items(io.BytesIO(content), len(content)) == [(b"trak", b"")]


@pytest.mark.parametrize("form", FORMS)
def test_damage_is_refused(form: str) -> None:
    """A file that is cut or changed anywhere is read or refused in one line."""
    made = _coded(form)
    good = heif(made.brand, [_item(made), Item(b"grid", grid(1, 1, *SIZE), (size_of(*SIZE),), (1,))])
    for position in range(24, len(good) - len(made.content), 3):
        for changed in (good[:position], good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :]):
            try:
                _check(changed, form)
            except ImageError as error:
                assert "\n" not in str(error)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries give memory back in other ways")
def test_memory_is_given_back(tmp_path: Path) -> None:
    """After eight damaged photos of 31 megapixels, a process has at most 50 MB more than after the first."""
    made = _coded("HEIF", ramp((1600, 1200)), quality=10)
    first = Item(b"grid", grid(4, 4, 6400, 4800), (size_of(10, 10),), tuple(range(2, 18)))
    path = tmp_path / "photo.heic"
    path.write_bytes(heif(made.brand, [first, *[_item(made, (1600, 1200))] * 16]))
    command = [sys.executable, "-c", _LABEL_AGAIN, str(path)]
    pages = [int(line) for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]
    assert (max(pages) - pages[0]) * os.sysconf("SC_PAGE_SIZE") < 50_000_000


_LABEL_AGAIN = """
import contextlib, sys
from edge.errors import ImageError
from edge.preprocess import preprocess
for number in range(8):
    with contextlib.suppress(ImageError):
        preprocess(sys.argv[1], (32, 32))
    print(open("/proc/self/statm").read().split()[1])
"""
