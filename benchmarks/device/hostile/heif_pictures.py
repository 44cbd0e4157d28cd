"""Hostile HEIC and AVIF pictures: boxes with other values, and items that ask for much or lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from random import Random
from typing import Any

from PIL import Image

from benchmarks.device.stream import tests_module

_VALUES = (0, 1, 2, 3, 127, 255, 4_096, 16_384, 65_535, 2**20, 2**31 - 1, 2**32 - 1)
_SIDES = (1, 9_000, 9_461, 16_384, 30_000, 65_535, 2**31 - 1)
_TILE = (1560, 1170)  # 25 of them are 46 megapixels, nearly the largest HEIC that is read


def changed_boxes(random: Random, good: dict[str, bytes]) -> bytes:
    """A good HEIC or AVIF with boxes whose fields, sizes or places are changed."""
    boxes = tests_module("heif_files").boxes
    content = bytearray(good[random.choice([name for name in good if name.startswith(("HEIC", "AVIF"))])])
    for _ in range(random.choice((1, 1, 2, 4))):
        found = [one for one in boxes(bytes(content)) if one[2] - one[1] >= 9]
        if not found:
            break
        _, start, end = random.choice(found)
        choice = random.randrange(5)
        if choice < 3:
            form = random.choice("BHI")
            place = random.randrange(start + 8, max(end - struct.calcsize(form), start + 9))
            value = random.choice(_VALUES) & (1 << 8 * struct.calcsize(form)) - 1
            content[place : place + struct.calcsize(form)] = struct.pack(f">{form}", value)
        elif choice == 3:
            content[start : start + 4] = struct.pack(">I", random.choice((*_VALUES, end - start - 1, end - start + 8)))
        else:
            part = content[start:end]
            content[start:end] = part * random.choice((0, 2, 100))
    return bytes(content)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Names and bytes of small files that ask for much memory or time."""
    support = tests_module("heif_files")
    Item, heif, size_of, grid = support.Item, support.heif, support.size_of, support.grid
    for form in ("HEIF", "AVIF"):
        tile = support.coded(form, Image.new("RGB", _TILE, "teal"), quality=10)
        good = (tile.settings, size_of(*_TILE))

        def file(*items: Any, brand: bytes = tile.brand) -> bytes:
            return bytes(heif(brand, list(items)))

        one = Item(tile.kind, tile.content, good)
        for side in _SIDES:
            lying = Item(tile.kind, tile.content, (tile.settings, size_of(side, side)))
            yield f"{form} that says it is {side} x {side}", file(lying)
        for tiles in (4, 5, 7, 15, 30):
            numbers, whole = tuple(range(2, 2 + tiles**2)), (tiles * _TILE[0], tiles * _TILE[1])
            for said in (whole, (10, 10)):
                first = Item(b"grid", grid(tiles, tiles, *whole), (size_of(*said),), numbers)
                yield f"{form} grid of {tiles} x {tiles}, says {said}", file(first, *[one] * tiles**2)
        square = Item(b"grid", grid(2, 2, 3200, 2400), (size_of(3200, 2400),), (1, 1, 1, 1))
        yield f"{form} grid of itself", file(square)
        chain = [Item(b"iden", b"", (size_of(*_TILE),), (number,)) for number in range(2, 901)]
        yield f"{form} chain of 900 items", file(*chain, one)
        nested = [Item(b"grid", grid(16, 16, 25_600, 19_200), (size_of(100, 100),), tuple(range(259, 515)))] * 256
        outer = Item(b"grid", grid(16, 16, 160_000, 120_000), (size_of(100, 100),), tuple(range(2, 258)))
        yield f"{form} grid of grids", file(outer, *nested, *[one] * 256)
        large = Image.new("RGB", (6000, 4500), "teal")
        coded = support.coded(
            form, large, quality=10, **({"chroma": 444} if form == "HEIF" else {"subsampling": "4:4:4"})
        )
        for said in (large.size, (10, 10)):
            picture = Item(coded.kind, coded.content, (coded.settings, size_of(*said)))
            yield f"{form} of 27 megapixels in 4:4:4, says {said}", file(picture)
        yield f"{form} of 60,000 items", file(*[one] * 60_000)
        yield f"{form} of 900 pictures", file(*[one] * 900)
        yield f"{form} of 60,000 parts", file(one._replace(repeats=60_000))
        units = one._replace(content=9_000 * (b"\0\0\0\0" if form == "HEIF" else b"\2\0"))
        yield f"{form} of 900 pictures of 9,000 units", file(*[units] * 900)
        inside = b"".join(struct.pack(">I4s", 8 * (15_000 - level), b"trak") for level in range(15_000))
        yield f"{form} of 15,000 boxes inside each other", file(one) + support.box(b"moov", inside)
        places = support.box(b"iloc", struct.pack(">IHH", 0, 0, 1000), bytes(6 * 1000))
        yield f"{form} of 10,000 lists of items", file(one) + 4 * support.box(b"meta", bytes(4), 2_500 * places)
        for kind, start in ((b"Exif", b"\0\0\0\0MM\0*"), (b"mime", b"\0application/rdf+xml\0")):
            for repeats in (1, 1_000, 19_000):
                beside = Item(kind, start + bytes(60_000), (), (1,), repeats, b"cdsc")
                yield f"{form} with {kind.decode()} of {60 * repeats} kB", file(one, beside)
        for mebibytes in (15, 60, 250):
            profile = support.box(b"colr", b"prof", bytes(mebibytes << 20))
            yield f"{form} with a colour profile of {mebibytes} MiB", file(one._replace(properties=(*good, profile)))
        for name, reference in (("thumbnails", b"thmb"), ("depth pictures", b"auxl")):
            beside = one._replace(made_of=(1,), reference=reference)
            yield f"{form} with 900 {name}", file(one, *[beside] * 900)
        yield f"{form} of a million boxes", file(one)[:36] + support.box(b"free") * 1_000_000 + file(one)[36:]
        turns = tuple(support.box(b"irot", bytes([1 + turn % 2])) for turn in range(2))
        yield f"{form} turned 200 times", file(one._replace(properties=good + turns * 100))
