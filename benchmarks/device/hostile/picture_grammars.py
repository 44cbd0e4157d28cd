"""Pictures made by the grammar of their formats, with impossible sizes, fields and parts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

from benchmarks.device.hostile.heif_pictures import changed_boxes

_SIZES = (0, 1, 2, 255, 9_459, 16_383, 30_000, 65_535, 2**24, 2**31 - 1, 2**32 - 1)
JPEG_HEAD = b"\xff\xd8"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG, with its check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(random: Random, _: object) -> bytes:
    width, height = random.choice((*_SIZES[:8], 40)), random.choice((*_SIZES, 40, 40))
    depth, colour, interlaced = (
        random.choice((1, 2, 4, 8, 16, 3)),
        random.choice((0, 2, 3, 4, 6, 5)),
        random.choice((0, 1)),
    )
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))]
    others = [
        chunk(b"PLTE", random.randbytes(random.choice((0, 3, 7, 768, 3000)))),
        chunk(b"tRNS", random.randbytes(random.choice((0, 1, 2, 6, 256, 999)))),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(random.choice((10, 10_000_000))))),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(random.choice((10, 10_000_000))))),
        chunk(b"eXIf", tiff(random)),
        chunk(b"gAMA", random.randbytes(4)),
        chunk(b"acTL", struct.pack(">II", random.choice(_SIZES), 0)),
        chunk(b"fcTL", random.randbytes(26)),
        chunk(b"pHYs", random.randbytes(random.choice((0, 9)))),
        chunk(b"prVt", b"") * random.choice((1, 1000)),
    ]
    parts += random.sample(others, random.randrange(5))
    rows = zlib.compress(bytes(random.choice((0, 1_700, 20_000, 5_000_000))))
    parts += [chunk(b"IDAT", rows[:9]), chunk(b"IDAT", rows[9:])] * random.choice((1, 1, 2))
    parts += random.sample(others, random.randrange(2))
    if random.random() < 0.8:
        parts.append(chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _segments(content: bytes) -> list[bytes]:
    """The segments of a JPEG after its first marker; a scan has its data with it, and the last marker."""
    starts, position = [], 2
    while content[position + 1] != 0xDA:
        starts.append(position)
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    starts += [position + at for at in range(len(content) - position) if content[position + at :][:2] == b"\xff\xda"]
    return [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]


def _jpeg(random: Random, good: dict[str, bytes]) -> bytes:
    parts = _segments(good[random.choice([name for name in good if name.startswith("JPEG")])])
    for _ in range(random.randrange(1, 4)):
        index = random.randrange(len(parts))
        part = bytearray(parts[index])
        choice = random.randrange(7)
        if choice == 0:
            del parts[index]
        elif choice == 1:
            parts[index:index] = [bytes(part)] * random.choice((1, 5, 300))
        elif choice == 2:
            parts.insert(index, parts[random.randrange(len(parts))])
        elif choice == 3 and len(part) > 3:
            part[2:4] = struct.pack(">H", random.choice((0, 1, 2, 3, 65_535)))
            parts[index] = bytes(part)
        elif choice == 4 and len(part) > 9 and part[1] in (0xC0, 0xC2):
            part[5:9] = struct.pack(">HH", random.choice(_SIZES[:8]), random.choice(_SIZES[:8]))
            parts[index] = bytes(part)
        elif choice == 5 and len(part) > 4 and part[1] in (0xC0, 0xC2):
            part[1] = random.randrange(0xC0, 0xD0)
            part[random.randrange(4, len(part))] = random.randrange(256)
            parts[index] = bytes(part)
        else:
            filling = random.choice((b"\xff", b"\x00", b"\xff\xe3\x00\x02", b"\xff\xfe\x00\x04ab"))
            parts.insert(index, filling * random.choice((1, 1000, 60_000)))
        if not parts:
            break
    return JPEG_HEAD + b"".join(parts)


def tiff(random: Random) -> bytes:
    """A TIFF of random tags, as a picture or as EXIF; most have what a picture needs."""
    order = random.choice("<>")
    needed = {256: 40, 257: 30, 258: 8, 259: 1, 262: 2, 273: 8, 277: 3, 278: 30, 279: 3600}
    tags = {tag: value for tag, value in needed.items() if random.random() < 0.95}
    for _ in range(random.randrange(4)):
        tag = random.choice((*needed, 254, 274, 284, 317, 320, 322, 323, 324, 325, 330, 338, 339, 347, 34_675, 34_665))
        tags[tag] = random.choice((*_SIZES, 1, 2, 3, 4, 5, 6, 7, 8, 32_773, 34_925, 50_000, 50_001))
    tags[259] = random.choice((1, 1, 2, 3, 4, 5, 6, 7, 8, 32_773, 34_712, 34_925, 50_000, 50_001))
    entries = []
    for tag, value in sorted(tags.items()):
        kind = random.choice((3, 4, 4, 4, 4, random.randrange(14)))
        count = random.choice((1, 1, 1, 1, 1, 0, 2, 70_000, 2**30))
        entries.append(struct.pack(order + "HHI", tag, kind, count) + _value(order, kind, value))
    table = struct.pack(order + "H", len(entries)) + b"".join(entries)
    following = random.choice((0, 0, 8, 3608, 2**31))
    body = random.randbytes(3600)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8 + len(body))
    return head + body + table + struct.pack(order + "I", following)


def _value(order: str, kind: int, value: int) -> bytes:
    if kind == 3:
        return struct.pack(order + "HH", value & 0xFFFF, 0)
    return struct.pack(order + "I", value & 0xFFFFFFFF)


def _tiff(random: Random, _: object) -> bytes:
    return tiff(random)


def _exif(random: Random, good: dict[str, bytes]) -> bytes:
    exif = tiff(random)
    name = random.choice(("JPEG", "PNG"))
    if name == "PNG":
        return good[name][:33] + chunk(b"eXIf", exif) + good[name][33:]
    data = b"Exif\0\0" + exif
    return good[name][:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + good[name][2:]


def _fields(content: bytes, random: Random, fields: dict[int, str]) -> bytes:
    changed = bytearray(content)
    for place in random.sample(sorted(fields), random.randrange(1, min(3, len(fields)) + 1)):
        form = fields[place]
        limit = 1 << 8 * struct.calcsize(form)
        struct.pack_into(form, changed, place, random.choice((*_SIZES, 8, 24, 40)) % limit)
    return bytes(changed)


def _bmp(random: Random, good: dict[str, bytes]) -> bytes:
    fields = {10: "<I", 14: "<I", 18: "<I", 22: "<I", 26: "<H", 28: "<H", 30: "<I", 34: "<I", 46: "<I", 50: "<I"}
    return _fields(good["BMP"], random, fields)


def _gif(random: Random, good: dict[str, bytes]) -> bytes:
    start = good["GIF"].index(b",", 13 + 3 * 2 ** ((good["GIF"][10] & 7) + 1))
    fields = {
        6: "<H",
        8: "<H",
        10: "B",
        start + 1: "<H",
        start + 3: "<H",
        start + 5: "<H",
        start + 7: "<H",
        start + 10: "B",
    }
    content = _fields(good["GIF"], random, fields)
    extra = random.choice((b"", b"!\xfe\x01a\0" * 500, b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"!\xf9\x04\x0f\0\0\0\0"))
    return content[:start] + extra + content[start:]


def _webp(random: Random, good: dict[str, bytes]) -> bytes:
    content = good[random.choice(("WebP", "WebP lossless", "WebP animation"))]
    content = _fields(content, random, {4: "<I", 16: "<I", 20: "<I", 21: "<I", 24: "<I", 26: "<H", 27: "<I", 28: "<H"})
    return content + random.choice((b"", b"EXIF\x04\0\0\0II*\0", b"VP8X\x0a\0\0\0" + random.randbytes(10)))


def _ppm(random: Random, _: object) -> bytes:
    head = [random.choice(("P1", "P2", "P3", "P4", "P5", "P6", "Pf", "P7")).encode()]
    head += [str(random.choice((*_SIZES, 40, 30, 30))).encode() for _ in range(2)]
    head.append(str(random.choice((0, 1, 15, 255, 255, 65_535, 65_536))).encode())
    between = random.choice((b" ", b"\n", b"\n# a comment\n", b"\n#" + b"x" * 70_000 + b"\n"))
    return between.join(head) + b"\n" + random.choice((b"1 0 255 " * 2000, random.randbytes(8000), b"9" * 90_000))


def _heif(random: Random, good: dict[str, bytes]) -> bytes:
    return changed_boxes(random, good)


GRAMMARS: dict[Callable[[Random, dict[str, bytes]], bytes], int] = {
    _png: 500,
    _jpeg: 500,
    _tiff: 400,
    _bmp: 100,
    _gif: 100,
    _webp: 100,
    _ppm: 100,
    _exif: 200,
    _heif: 600,
}
"""Function -> how many pictures it makes. It gets random choices and good pictures; its name is that of the format."""
