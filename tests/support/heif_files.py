"""HEIC and AVIF files whose boxes (ISO/IEC 14496-12 and 23008-12) are written here, so that they may lie."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

_CONTAINERS = (b"meta", b"iprp", b"ipco", b"iref", b"iinf", b"dinf", b"moov", b"trak", b"mdia", b"minf", b"stbl")


class Item(NamedTuple):
    """An item of a file: its type, its bytes, its property boxes and the numbers of the items that it is made of.

    The bytes are those of ``content``, ``repeats`` times, as an item of many extents.
    """

    kind: bytes
    content: bytes
    properties: tuple[bytes, ...] = ()
    made_of: tuple[int, ...] = ()
    repeats: int = 1
    reference: bytes = b"dimg"


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box with ``parts`` in it."""
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, version: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24), *parts)


def size_of(width: int, height: int) -> bytes:
    """The property that says how large an item is, in pixels."""
    return _full(b"ispe", 0, struct.pack(">II", width, height))


def grid(rows: int, columns: int, width: int, height: int) -> bytes:
    """The content of an item that puts ``rows`` times ``columns`` others together, to ``width`` x ``height`` pixels."""
    return struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)


def heif(brand: bytes, items: list[Item]) -> bytes:
    """A file of ``items``, whose numbers begin with 1; the first one is the picture."""
    properties: list[bytes] = []
    data, places = b"", dict[bytes, int]()
    locations, infos, associations, references = [], [], [], []
    for number, item in enumerate(items, 1):
        if item.content not in places:
            places[item.content] = len(data)
            data += item.content
        extents = struct.pack(">II", places[item.content], len(item.content)) * item.repeats
        # Construction method 1: the bytes lie in the box idat.
        locations.append(struct.pack(">IHHH", number, 1, 0, item.repeats) + extents)
        infos.append(_full(b"infe", 3, struct.pack(">IH4s", number, 0, item.kind), b"\0"))
        indices = []
        for one in item.properties:
            if one not in properties:
                properties.append(one)
            indices.append(0x8000 | properties.index(one) + 1)
        associations.append(
            struct.pack(">IB", number, len(indices)) + b"".join(struct.pack(">H", 0x8000 | i) for i in indices)
        )
        if item.made_of:
            parts = b"".join(struct.pack(">I", part) for part in item.made_of)
            references.append(box(item.reference, struct.pack(">IH", number, len(item.made_of)), parts))
    return box(b"ftyp", brand, b"\0\0\0\0", b"mif1", brand, b"miaf") + _full(
        b"meta",
        0,
        _full(b"hdlr", 0, b"\0\0\0\0pict", bytes(13)),
        _full(b"pitm", 1, struct.pack(">I", 1)),
        _full(b"iloc", 2, b"\x44\0", struct.pack(">I", len(items)), *locations),
        _full(b"iinf", 1, struct.pack(">I", len(items)), *infos),
        box(
            b"iprp",
            box(b"ipco", *properties),
            box(b"ipma", struct.pack(">II", 1 << 24 | 1, len(items)), *associations),  # indices of 15 bits
        ),
        *([_full(b"iref", 1, *references)] if references else []),
        box(b"idat", data),
    )


class Coded(NamedTuple):
    """A coded picture: brand of its file, type of its item, the property with the decoder's settings, and the bytes."""

    brand: bytes
    kind: bytes
    settings: bytes
    content: bytes


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end in bytes of each box of ``content``, and of those inside it."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        stop = end if size < 8 else min(start + size, end)
        yield kind, start, stop
        if kind in _CONTAINERS:
            full = {b"meta": 4, b"iref": 4, b"iinf": 6}.get(kind, 0)
            yield from boxes(content, start + 8 + full, stop)
        start = stop


def coded(form: str, picture: Image.Image, **options: object) -> Coded:
    """``picture`` as Pillow's format ``form``, ``HEIF`` or ``AVIF``, encodes it with ``options``."""
    file = io.BytesIO()
    picture.save(file, form, **options)  # type: ignore[arg-type]
    content = file.getvalue()
    found = {kind: content[start:end] for kind, start, end in boxes(content)}
    heic = form == "HEIF"
    return Coded(
        b"heic" if heic else b"avif",
        b"hvc1" if heic else b"av01",
        found[b"hvcC" if heic else b"av1C"],
        found[b"mdat"][8:],
    )
