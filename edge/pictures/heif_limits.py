"""Limits of memory and of time for a HEIC or AVIF file, checked before its decoder opens it."""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import BinaryIO

from edge.errors import ImageError
from edge.pictures.coded_pictures import Coded, Units, av1_pictures, hevc_pictures, hevc_settings_pictures
from edge.pictures.heif_boxes import Item, read_items
from edge.pictures.limits import MAX_HEIC_BYTES, check_memory

MAX_FILE_BYTES = 64 << 20
"""A larger HEIC or AVIF file is refused: decoders read it whole and copy its parts. A photo has at most about 30 MB."""

MAX_AVIF_BYTES = 350_000_000
"""The most memory that decoding an AVIF may take, in bytes."""

_PARSERS = {b"av01": av1_pictures, b"trak": av1_pictures, b"hvc1": hevc_pictures, b"hvcC": hevc_settings_pictures}
# Bytes for one pixel, measured with libheif 1.23 and libavif 1.4: the RGB picture, its copy, and more for transparency.
_HEIC_BYTES, _HEIC_ALPHA_BYTES = 8.0, 2.0
_AVIF_BYTES, _AVIF_ALPHA_BYTES = 7.5, 3.0
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -3, -1  # of malloc.h
_SUBSAMPLED = 1.5  # samples of a pixel in 4:2:0


def check_heif(file: BinaryIO, size_bytes: int, form: str) -> None:
    """Raise :class:`~edge.errors.ImageError` if decoding ``file``, of ``size_bytes``, would take too much.

    ``form`` is ``"HEIC"`` or ``"AVIF"``. Counted are the sizes in the headers of the coded pictures and of their grids:
    what else the file says of its size need not be true.
    """
    if size_bytes > MAX_FILE_BYTES:
        raise ImageError(
            f"too large for a photo in {form}: {size_bytes >> 20} MiB; it may have {MAX_FILE_BYTES >> 20} MiB"
        )
    items, units = read_items(file, size_bytes), Units()
    try:
        coded = [one for item in items if item.kind in _PARSERS for one in _PARSERS[item.kind](item.content, units)]
    except ValueError:
        raise ImageError(f"damaged: {form} photo that cannot be decoded") from None
    grids = [_grid_pixels(item) for item in items if item.kind == b"grid"]
    pixels = max([*(one.width * one.height for one in coded), *grids], default=0)
    transparent = any(item.kind == b"auxC" for item in items) or [item.kind for item in items].count(b"trak") > 1
    most = MAX_HEIC_BYTES if form == "HEIC" else MAX_AVIF_BYTES
    needed = int(pixels * max((_pixel_bytes(one, form, transparent) for one in coded), default=0)) + size_bytes
    check_memory(needed, most)


def _grid_pixels(item: Item) -> int:
    """The pixels of the picture that a grid of items makes."""
    size = 4 if item.content[1:2] and item.content[1] & 1 else 2
    width, height = (int.from_bytes(item.content[start : start + size], "big") for start in (4, 4 + size))
    return width * height


def _pixel_bytes(coded: Coded, form: str, transparent: bool) -> float:
    """The bytes that a decoder takes for one pixel of a picture with the samples of ``coded``."""
    planes = coded.samples * coded.sample_bytes
    if form == "AVIF":
        return planes + _AVIF_BYTES + transparent * (_AVIF_ALPHA_BYTES + coded.sample_bytes - 1)
    needed = _HEIC_BYTES if coded.samples <= _SUBSAMPLED else 2.5 * planes + 5.5
    return needed + transparent * _HEIC_ALPHA_BYTES


@functools.cache
def return_large_blocks(large_bytes: int = 1 << 20) -> None:
    """Let glibc give blocks of ``large_bytes`` and more back to the system when they are freed, from now on.

    By default it keeps some up to 32 MiB, between which the decoders of HEIC and AVIF leave hundreds of megabytes. One
    call is enough for the process; without glibc nothing happens. The smaller they are, the longer pictures take.
    """
    if sys.platform == "win32":  # which has no library without a name: ctypes raises TypeError
        return
    import ctypes  # only these formats need it

    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, large_bytes)
        # What glibc sets itself as long as nobody sets the first one; else it returns 128 KiB and takes them again.
        mallopt(_M_TRIM_THRESHOLD, 2 * large_bytes)
