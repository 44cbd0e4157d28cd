"""A folder of tiny photos and a cache with a drawn bottleneck for each, so that nothing is left to compute."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.speed.scale.mixture import Mixture, as_bytes
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.look import LOOK_SIZE, Look
from trainer.progress import Advance

_TOGETHER = 20_000  # photos that are drawn and written in one go
_LONG_AGO = (1_000_000_000, 1_000_000_000)  # seconds: the cache trusts only files that did not change just now
_SEED = 7


def draw_folder(
    folder: Path,
    extractor: FeatureExtractor,
    mixture: Mixture,
    photos: int,
    classes: int,
    advance: Advance,
    *,
    with_looks: bool,
) -> None:
    """Write ``photos`` photos of ``classes`` classes to ``folder``, and what the cache of ``extractor`` has of them.

    Each photo is a JPEG of 16 x 16 pixels with bytes of its own. Its bottleneck is drawn from ``mixture``. With looks,
    that of each photo is drawn too: smooth noise, like no other.
    """
    random = np.random.default_rng(_SEED)
    centres = mixture.centres(classes, random)
    for label in range(classes):
        (folder / f"class{label:04}").mkdir(parents=True)
    pictures = [_picture(label) for label in range(classes)]
    for start, stop in _parts(photos):
        labels = np.arange(start, stop) % classes
        raw = as_bytes(mixture.draw(centres, labels, random), extractor.backbone.model.output)
        vectors, files, looks = [], [], []
        drawn = _draw_looks(len(labels), random) if with_looks else repeat(None, len(labels))
        for number, label, row, look in zip(range(start, stop), labels, raw, drawn, strict=True):
            path = folder / f"class{label:04}" / f"photo-{_name(number)}.jpg"
            content = pictures[label] + str(number).encode()
            path.write_bytes(content)
            os.utime(path, _LONG_AGO)
            sha256 = hashlib.sha256(content).digest()
            vectors.append((sha256, row.tobytes()))
            files.append((path, path.stat(), sha256))
            if look is not None:
                looks.append((sha256, look.to_bytes()))
        with BottleneckCache(extractor.bottleneck_dir) as cache:
            cache.store(extractor.key, vectors, files, looks)
        advance(stop - start)


def _parts(photos: int) -> Iterator[tuple[int, int]]:
    for start in range(0, photos, _TOGETHER):
        yield start, min(start + _TOGETHER, photos)


def _name(number: int) -> str:
    """A name that does not follow on another one: numbers that do ask for a comparison of the pixels."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:12]


def _picture(label: int) -> bytes:
    colour = tuple(int(part) for part in np.random.default_rng(label).integers(0, 256, 3))
    encoded = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(encoded, "JPEG")
    return encoded.getvalue()


def _draw_looks(count: int, random: np.random.Generator) -> Iterator[Look]:
    coarse = random.integers(0, 256, (count, 16, 16), np.uint8)
    for cells in coarse:
        picture = Image.fromarray(cells).resize((LOOK_SIZE, LOOK_SIZE), Image.Resampling.BILINEAR)
        yield Look(np.asarray(picture))
