"""The parts of a HEIC or AVIF file that its decoder decodes, read from its boxes (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from edge.errors import ImageError

MAX_ITEMS = 1000
"""The most items in a file: a photo of 200 megapixels has about 800 tiles. libheif has the same limit."""

_MAX_BOXES = 20_000
_MAX_BOX_BYTES = 16 << 20  # of a box that is read whole; the pictures themselves are not in it
_READ_WHOLE = (b"meta", b"moov")
_PICTURES = (b"av01", b"hvc1", b"grid")
# Box -> the bytes before the boxes in it. The paths to what is read here.
_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}


class Item(NamedTuple):
    """A part of a file: its type, such as ``b"av01"``, and its bytes."""

    kind: bytes
    content: bytes


def read_items(file: BinaryIO, size_bytes: int) -> list[Item]:
    """The items of ``file``, which has ``size_bytes``; its place stays the same.

    These are its pictures (``av01``, ``hvc1``) and grids of pictures (``grid``); the first picture of each track, as
    items of the type ``trak``; and the properties ``hvcC`` (settings of the decoder) and ``auxC`` (what an item is for
    another one, such as its transparency).

    Raises :class:`~edge.errors.ImageError` if the file is damaged, or has more parts than a photo can have.
    """
    place = file.tell()
    try:
        return _Parts(file, size_bytes).items()
    except (IndexError, ValueError):
        raise ImageError("damaged: its boxes do not fit together") from None
    finally:
        file.seek(place)


class _Parts:
    """Where things are in one file."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file, self._size = file, size_bytes
        self._left = 2 * size_bytes + (1 << 20)  # bytes that may be read: items may share them
        self._boxes = 0
        self._content = b""

    def items(self) -> list[Item]:
        found: list[Item] = []
        for kind, start, end in self._top():
            if kind in _READ_WHOLE:
                if end - start > _MAX_BOX_BYTES:
                    raise ImageError(f"damaged: a box of {(end - start) >> 20} MiB")
                self._content = self._read(start, end - start)
                found += self._items_of_meta() if kind == b"meta" else self._first_samples()
                _check_number(len(found))
        return found

    def _top(self) -> Iterator[tuple[bytes, int, int]]:
        """Kind, start and end of the content of each box that is in no other."""
        position = 0
        while position + 8 <= self._size:
            self._file.seek(position)
            head = self._file.read(16)
            start, end = _extent(head, 0, position, self._size)
            yield head[4:8], start, end
            position = end
            self._count()

    def _count(self) -> None:
        self._boxes += 1
        if self._boxes > _MAX_BOXES:
            raise ImageError(f"damaged: more than {_MAX_BOXES:,} parts")

    def _inside(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Kind, start and end of each box from ``start`` on, and of those inside it."""
        ends = [end]  # of the boxes around this place: a file may have thousands of them
        while ends:
            if start + 8 > ends[-1]:
                start = ends.pop()
                continue
            first, stop = _extent(self._content, start, start, ends[-1])
            kind = self._content[start + 4 : start + 8]
            self._count()
            yield kind, first, stop
            start = stop
            if kind in _CONTAINERS:
                ends.append(stop)
                start = first + _CONTAINERS[kind]

    def _read(self, start: int, size: int) -> bytes:
        self._spend(size)
        self._file.seek(start)
        return self._file.read(size)

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ImageError("damaged: too many of its items share their bytes")

    def _number(self, start: int, size: int) -> int:
        if start + size > len(self._content):
            raise ValueError("a number behind the end")
        return int.from_bytes(self._content[start : start + size], "big")

    def _items_of_meta(self) -> list[Item]:
        kinds: dict[int, bytes] = {}
        places: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        found, data = [], (0, 0)
        for kind, start, end in self._inside(4, len(self._content)):
            if kind == b"iinf":
                kinds |= self._kinds(start, end)
            elif kind == b"iloc":
                places |= self._places(start)
            elif kind == b"idat":
                data = (start, end)
            elif kind in (b"hvcC", b"auxC"):
                found.append(Item(kind, self._content[start:end]))
        read: dict[tuple[int, tuple[tuple[int, int], ...]], bytes] = {}
        for number, (method, extents) in places.items():
            key, kind = (method, tuple(extents)), kinds.get(number, b"")
            if kind in _PICTURES:
                if key not in read:
                    read[key] = b"".join(self._part(method, data, *extent) for extent in extents)
                found.append(Item(kind, read[key]))
        return found

    def _part(self, method: int, data: tuple[int, int], start: int, size: int) -> bytes:
        """``size`` bytes from ``start`` on, 0: all that follow; of the file, or with method 1 of the box ``data``."""
        if method == 0:
            start = min(start, self._size)
            return self._read(start, min(size or self._size, self._size - start))
        if method == 1:
            first, last = data[0] + start, data[1]
            size = min(size or last, max(last - first, 0))
            self._spend(size)
            return self._content[first : first + size]
        raise ImageError("damaged: an item is made of parts of other items")

    def _kinds(self, start: int, end: int) -> dict[int, bytes]:
        """Number of an item -> its type."""
        kinds = {}
        for kind, first, _ in self._inside(start + (6 if self._content[start] == 0 else 8), end):
            size = 4 if self._content[first] == 3 else 2
            if kind == b"infe":
                kinds[self._number(first + 4, size)] = self._content[first + 6 + size : first + 10 + size]
        return kinds

    def _places(self, start: int) -> dict[int, tuple[int, list[tuple[int, int]]]]:
        """Number of an item -> how its places count, and start and size of each of its parts."""
        version, sizes = self._content[start], self._number(start + 4, 2)
        offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15 if version else 0
        wide = 4 if version > 1 else 2
        count, position = self._number(start + 6, wide), start + 6 + wide
        _check_number(count)
        places = {}
        for _ in range(count):
            self._count()
            number, position = self._number(position, wide), position + wide
            method = self._number(position, 2) & 15 if version else 0
            position += 4 if version else 2
            origin, parts = self._number(position, base), self._number(position + base, 2)
            position += base + 2
            extents = []
            for _ in range(parts):
                self._count()
                position += index
                extents.append((origin + self._number(position, offset), self._number(position + offset, length)))
                position += offset + length
            places[number] = (method, extents)
        return places

    def _first_samples(self) -> list[Item]:
        """The first picture of each track."""
        sizes, offsets = [], []
        for kind, start, _ in self._inside(0, len(self._content)):
            if kind == b"stsz":
                sizes.append(self._number(start + 4, 4) or self._number(start + 12, 4))
            elif kind in (b"stco", b"co64"):
                offsets.append(self._number(start + 8, 4 if kind == b"stco" else 8))
        return [Item(b"trak", self._part(0, (0, 0), *place)) for place in zip(offsets, sizes, strict=False)]


def _check_number(items: int) -> None:
    if items > MAX_ITEMS:
        raise ImageError(f"more than {MAX_ITEMS:,} items in one file; save it as JPEG")


def _extent(content: bytes, at: int, position: int, end: int) -> tuple[int, int]:
    """Where the content of the box with its head at ``content[at]``, byte ``position`` of the file, starts and ends."""
    size, head = int.from_bytes(content[at : at + 4], "big"), 8
    if size == 1:
        size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
    elif size == 0:
        size = end - position
    if size < head:
        raise ValueError("a box without room for its head")
    return position + head, min(position + size, end)
