"""PNG files made byte by byte: of any size, without holding their pixels, and of depths that Pillow does not write."""

from __future__ import annotations

import struct
import zlib

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels -> grey, RGB, RGBA


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_rows(width: int, height: int, *, bits: int, channels: int, row: bytes | None = None) -> bytes:
    """A PNG of ``bits`` a channel whose every row has the bytes ``row``; without it, all are 0."""
    line = b"\0" + (bytes((width * bits * channels + 7) // 8) if row is None else row)
    deflate = zlib.compressobj()
    packed = b"".join(deflate.compress(line) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOUR_TYPES[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
