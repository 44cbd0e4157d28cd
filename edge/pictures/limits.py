"""Limits of memory and of time for one picture, checked before it is decoded.

A file of a few kilobytes can ask for gigabytes of memory or for minutes of processor time. What is refused is named
with its limit.
"""

from __future__ import annotations

import contextlib
import functools
import struct
from typing import Any, BinaryIO

from PIL import Image

from edge.errors import ImageError

MAX_PIXELS = 89_478_485
"""The largest picture, in decoded pixels: the size up to which Pillow opens a picture without a warning. The pixels of
a JPEG that is decoded at reduced size are counted after that."""

MAX_BYTES = 300_000_000
"""The most memory that Pillow may take to decode one picture, in bytes."""

MAX_HEIC_BYTES = 400_000_000
"""The same for HEIC. Phones make photos of 48,771,072 pixels, which take 390 MB."""

MAX_BLOCK_VISITS = 200_000_000
"""Blocks of 8 x 8 samples in a JPEG, times its scans. A progressive photo has about ten scans."""

MAX_SLOW_SAMPLES = 16_000_000
"""The most samples of a PPM that Pillow decodes in Python: text, or a largest value other than 255."""

MAX_PLAIN_BYTES = 32 << 20
"""The most bytes of a PPM that is text."""

_EXIF_BYTES = 64 << 20  # that reading an EXIF block may copy; each of its entries may point at all of it
_IFD_ENTRY_BYTES = 12
_SHORTEST_SCAN_BYTES = 10
_BLOCK, _COEFFICIENT_BYTES = 8, 128  # samples along a block's side; bytes of its 64 coefficients
_SMALL_BYTES = 32 << 20
_STRIP_ROWS, _TILE_WIDTH, _TILE_HEIGHT = 278, 322, 323  # tags of TIFF
_PIECES = frozenset({273, 279, 324, 325})  # tags with one number for each strip or tile
_MAX_PIECES = 1_000_000  # strips or tiles of a TIFF
_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # of a pixel; all others: 4
# What a decoder takes for each pixel beside the picture itself. WebP: two canvases and a copy; AVIF, HEIC: planes and
# a copy; GIF: what is to be drawn after the frame.
_DECODER_BYTES = {"WEBP": 12, "AVIF": 6, "HEIF": 4, "GIF": 1}
_WHOLE_FILE = ("WEBP", "AVIF", "HEIF")  # formats of which Pillow reads the whole file
_METADATA, _METADATA_COPIES = ("icc_profile", "exif", "xmp"), 5  # what decoders copy again and again


def check_tiff_pieces(file: BinaryIO, head: bytes) -> None:
    """Raise :class:`~edge.errors.ImageError` if ``file`` is a TIFF of more strips or tiles than a picture can have.

    ``head`` are its first eight bytes. Pillow makes a Python number of each when it opens the file.
    """
    if len(head) < 8 or head[:4] not in (b"II*\0", b"MM\0*"):
        return
    order = "<" if head[:1] == b"I" else ">"
    (start,) = struct.unpack(order + "I", head[4:])
    file.seek(start)
    entries = file.read(2 + _IFD_ENTRY_BYTES * 0xFFFF)
    file.seek(0)
    number = struct.unpack(order + "H", entries[:2])[0] if len(entries) > 1 else 0
    for position in range(2, min(2 + number * _IFD_ENTRY_BYTES, len(entries) - 11), _IFD_ENTRY_BYTES):
        tag, _, count = struct.unpack_from(order + "HHI", entries, position)
        if tag in _PIECES and count > _MAX_PIECES:
            raise ImageError(f"damaged: more than {_MAX_PIECES:,} strips or tiles")


def check_limits(picture: Image.Image, size_bytes: int) -> None:
    """Raise :class:`~edge.errors.ImageError` if ``picture``, opened and not decoded, would take too much.

    ``size_bytes`` is the size of its file. Call it after ``picture.draft``, and before ``picture.load``.
    """
    pixels = picture.width * picture.height
    if pixels > MAX_PIXELS:
        raise ImageError(too_large())
    form = picture.format or ""
    needed = pixels * (_MODE_BYTES.get(picture.mode, 4) + _DECODER_BYTES.get(form, 0))
    if form in _WHOLE_FILE:
        needed += size_bytes + _METADATA_COPIES * sum(len(picture.info.get(name) or b"") for name in _METADATA)
    elif form in ("JPEG", "MPO"):
        needed += _check_jpeg(picture, size_bytes)
    elif form == "TIFF":
        needed += _check_tiff(picture)
    elif form == "PPM":
        _check_ppm(picture, size_bytes)
    check_memory(needed, MAX_HEIC_BYTES if form == "HEIF" else MAX_BYTES)


def check_memory(needed: int, most: int) -> None:
    """Raise :class:`~edge.errors.ImageError` if a picture that needs ``needed`` bytes may take ``most``."""
    if needed > most:
        raise ImageError(
            f"too large: takes {needed // 1_000_000:,} MB of memory, more than {most // 1_000_000}; scale it down"
        )


def too_large() -> str:
    """The message about a picture of more than :data:`MAX_PIXELS`."""
    return f"too large: more than {MAX_PIXELS:,} pixels; scale it down"


def _check_jpeg(picture: Any, size_bytes: int) -> int:
    """The bytes that the decoder keeps for a JPEG of several scans, which are the coefficients of the whole picture."""
    width, height = picture.tile[0][1][2:] if not picture.decoderconfig else (picture.width, picture.height)
    shrink = picture.decoderconfig[0] if picture.decoderconfig else 1
    layers = [(across, down) for _, across, down, _ in picture.layer] or [(1, 1)]
    most_across, most_down = max(a for a, _ in layers) or 1, max(d for _, d in layers) or 1
    whole = ((width * shrink + _BLOCK - 1) // _BLOCK) * ((height * shrink + _BLOCK - 1) // _BLOCK)
    blocks = sum(whole * across * down // (most_across * most_down) for across, down in layers)
    scans = size_bytes // _SHORTEST_SCAN_BYTES + 1
    if blocks * scans <= MAX_BLOCK_VISITS and blocks * _COEFFICIENT_BYTES <= _SMALL_BYTES:
        return 0
    in_scans = "progressive" in picture.info or not _has_one_scan(picture.fp, len(layers))
    scans = _count_scans(picture.fp) if in_scans else 1
    if blocks * scans > MAX_BLOCK_VISITS:
        raise ImageError(f"takes too long to decode: {scans:,} scans of {blocks:,} blocks; save it again as JPEG")
    return blocks * _COEFFICIENT_BYTES if in_scans else 0


def _has_one_scan(file: BinaryIO, layers: int) -> bool:
    """Whether the first scan of the JPEG in ``file`` has all of its ``layers``, so that a decoder reads no other."""
    place = file.tell()
    position, found = 2, False
    while True:
        file.seek(position)
        head = file.read(5)
        if len(head) < 5 or head[0] != 0xFF or head[1] in (0, 1, 0xFF):
            break
        if head[1] == 0xDA:
            found = head[4] == layers
            break
        position += 2 + int.from_bytes(head[2:4], "big")
    file.seek(place)
    return found


def _count_scans(file: BinaryIO) -> int:
    """How many scans the JPEG in ``file`` may have: those of its thumbnails are counted too."""
    place = file.tell()
    file.seek(0)
    count, last = 0, b""
    while piece := file.read(1 << 20):
        count += (last + piece).count(b"\xff\xda")
        last = piece[-1:]
    file.seek(place)
    return count


def _check_tiff(picture: Any) -> int:
    """The bytes of one strip or tile, which the decoder holds whole."""
    tags = picture.tag_v2
    width, height = tags.get(_TILE_WIDTH), tags.get(_TILE_HEIGHT)
    if not width or not height:
        width, height = picture.width, min(tags.get(_STRIP_ROWS) or picture.height, picture.height)
        if len(picture.tile) == 1 and picture.tile[0][0] == "raw":
            return 0
    return int(width) * int(height) * 8  # up to four samples of 16 bits


def _check_ppm(picture: Any, size_bytes: int) -> None:
    decoder = picture.tile[0][0]
    samples = picture.width * picture.height * len(picture.getbands())
    if decoder == "ppm_plain" and size_bytes > MAX_PLAIN_BYTES:
        raise ImageError(f"a PPM of text with more than {MAX_PLAIN_BYTES >> 20} MiB; save it as JPEG or PNG")
    if decoder in ("ppm", "ppm_plain") and samples > MAX_SLOW_SAMPLES:
        raise ImageError(f"a PPM that is slow to read, with more than {MAX_SLOW_SAMPLES:,} values; save it as PNG")


def may_read_exif(info: dict[Any, Any], start: int | None = None) -> bool:
    """Whether an EXIF block in ``info`` of a picture can be read without copying much more than it holds.

    That is, the directory at ``start`` (in bytes from the TIFF header on); None: the first one.
    """
    exif = info.get("exif", b"")
    if not isinstance(exif, bytes) or len(exif) ** 2 <= _EXIF_BYTES * _IFD_ENTRY_BYTES:
        return True
    head = exif[6:] if exif.startswith(b"Exif\x00\x00") else exif
    order = "big" if head[:1] == b"M" else "little"
    if start is None:
        start = int.from_bytes(head[4:8], order)  # type: ignore[arg-type]
    entries = int.from_bytes(head[start : start + 2], order)  # type: ignore[arg-type]
    return entries * len(exif) <= _EXIF_BYTES


@functools.cache
def silence_libtiff(maps: str = "/proc/self/maps") -> None:
    """Keep libtiff, which Pillow has loaded, from writing its own messages to descriptor 2; the error remains Pillow's.

    One call is enough for the process. Without that library in ``maps`` nothing happens.
    """
    import ctypes  # only a TIFF needs it

    with contextlib.suppress(OSError, AttributeError):
        with open(maps, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
            paths = sorted({line.split(maxsplit=5)[5].strip() for line in file if "libtiff" in line})
        for path in paths:
            library = ctypes.CDLL(path)
            for setter in (library.TIFFSetWarningHandler, library.TIFFSetErrorHandler):
                setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
                setter(None)
