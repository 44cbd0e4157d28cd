"""Hostile pictures: good ones, cut, flipped, made by the grammar of their formats, and bombs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import numpy as np
import pillow_heif
from PIL import Image

from benchmarks.device.hostile.edge_on_files import Expected
from benchmarks.device.hostile.heif_pictures import bombs
from benchmarks.device.hostile.picture_grammars import GRAMMARS, JPEG_HEAD, chunk


class Picture(NamedTuple):
    """The bytes of a picture, a name for the case, and what must come of it."""

    name: str
    content: bytes
    expected: Expected


def pictures(random: Random) -> Iterator[Picture]:
    """About 5,000 pictures; the same ``random`` gives the same pictures."""
    good = good_pictures()
    for name, content in good.items():
        yield Picture(f"{name}, good", content, "taken")
        for number in range(20):
            cut = int(len(content) * random.uniform(0.02, 0.8))
            yield Picture(f"{name}, cut at byte {cut} ({number})", content[:cut], "refused")
        for number in range(45):
            yield Picture(f"{name}, flipped ({number})", _flipped(content, random), "either")
        for number in range(15):
            yield Picture(f"{name}, parts moved ({number})", _spliced(content, random), "either")
    for make, count in GRAMMARS.items():
        for number in range(count):
            yield Picture(f"{make.__name__[1:]} by its grammar ({number})", make(random, good), "either")
    yield from _bombs(good)


def good_pictures() -> dict[str, bytes]:
    """One small picture for each format and kind that is read."""
    colours = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    photo = Image.fromarray(colours).resize((160, 120), Image.Resampling.BICUBIC)
    transparent = Image.merge("RGBA", (*photo.split(), photo.convert("L")))
    pillow_heif.register_heif_opener()
    kinds: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
        "JPEG": (photo, "JPEG", {}),
        "JPEG progressive": (photo, "JPEG", {"progressive": True}),
        "JPEG 4:4:4": (photo, "JPEG", {"subsampling": 0, "quality": 95}),
        "JPEG grey": (photo.convert("L"), "JPEG", {}),
        "JPEG CMYK": (photo.convert("CMYK"), "JPEG", {}),
        "PNG": (photo, "PNG", {}),
        "PNG RGBA": (photo.convert("RGBA"), "PNG", {}),
        "PNG palette": (photo.quantize(64), "PNG", {}),
        "PNG 16 bit": (Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 256), "PNG", {}),
        "WebP": (photo, "WEBP", {}),
        "WebP lossless": (photo.convert("RGBA"), "WEBP", {"lossless": True}),
        "WebP animation": (photo, "WEBP", {"save_all": True, "append_images": [photo.rotate(90)]}),
        "GIF": (photo.quantize(64), "GIF", {}),
        "BMP": (photo, "BMP", {}),
        "TIFF": (photo, "TIFF", {}),
        "TIFF LZW": (photo, "TIFF", {"compression": "tiff_lzw"}),
        "TIFF JPEG": (photo, "TIFF", {"compression": "jpeg"}),
        "TIFF deflate": (photo.convert("RGBA"), "TIFF", {"compression": "tiff_adobe_deflate"}),
        "HEIC": (photo, "HEIF", {}),
        "HEIC 4:4:4": (photo, "HEIF", {"chroma": 444}),
        "HEIC RGBA": (transparent, "HEIF", {}),
        "AVIF": (photo, "AVIF", {}),
        "AVIF 4:4:4": (photo, "AVIF", {"subsampling": "4:4:4"}),
        "AVIF RGBA": (transparent, "AVIF", {}),
        "AVIF animation": (photo, "AVIF", {"save_all": True, "append_images": [photo.rotate(90)]}),
        "PPM": (photo, "PPM", {}),
        "PGM": (photo.convert("L"), "PPM", {}),
    }
    made = {}
    for name, (picture, form, options) in kinds.items():
        buffer = io.BytesIO()
        picture.save(buffer, form, **options)  # type: ignore[arg-type]
        made[name] = buffer.getvalue()
    return made


def _flipped(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 2, 8))):
        changed[random.randrange(min(len(changed), random.choice((64, 600, 10**9))))] = random.randrange(256)
    return bytes(changed)


def _spliced(content: bytes, random: Random) -> bytes:
    """``content`` with a part of it removed, doubled, or written at another place."""
    start, size = random.randrange(len(content)), random.choice((1, 2, 4, 16, 300))
    part = content[start : start + size]
    kept = content if random.random() < 0.5 else content[:start] + content[start + size :]
    place = random.randrange(len(kept))
    return kept[:place] + part * random.choice((0, 1, 3, 1000)) + kept[place:]


def _bombs(good: dict[str, bytes]) -> Iterator[Picture]:
    """Few bytes that ask for much: pixels, scans, parts."""
    for mode, colour, bits in (("grey", 0, 8), ("RGB", 2, 24), ("palette", 3, 8), ("RGBA", 6, 32), ("grey 16", 0, 16)):
        for side in (7_000, 8_900, 9_459, 9_461, 20_000):
            depth = 16 if bits == 16 else 8
            row, deflate = bytes(1 + side * bits // 8), zlib.compressobj(1)
            packed = b"".join(deflate.compress(row) for _ in range(min(side, 9_461))) + deflate.flush()
            head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)) + chunk(
                b"PLTE", bytes(768)
            )
            content = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
            yield Picture(f"PNG {mode} of {side} x {side}", content, "refused" if side > 9_460 else "either")
    progressive = good["JPEG progressive"]
    frame = progressive.index(b"\xff\xc2") + 5
    for side in (160, 2_000, 9_400, 16_000, 65_500):
        for scans in (100, 7_000, 400_000):
            sized = progressive[:frame] + struct.pack(">HH", side, side) + progressive[frame + 4 : -2]
            scan = sized[sized.rindex(b"\xff\xda") :][:14]
            yield Picture(f"JPEG of {side} x {side} in {scans} scans", sized + scan * scans + b"\xff\xd9", "either")
    for filling in (b"\xff", b"\0", b"\xff\xe3\0\x02", b"\xff\xfe\0\x03a"):
        content = JPEG_HEAD + b"\xff" + filling * (20_000_000 // len(filling)) + good["JPEG"][2:]
        yield Picture(f"JPEG after 20 MB of {filling.hex()}", content, "either")
    for name, content in bombs():
        yield Picture(name, content, "either")
    yield Picture(
        "PNG of 2 million parts", good["PNG"][:33] + chunk(b"prVt", b"") * 2_000_000 + good["PNG"][33:], "refused"
    )
