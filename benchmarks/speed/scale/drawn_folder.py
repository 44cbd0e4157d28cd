"""A folder of tiny photos and a cache with a drawn bottleneck for each, so that nothing is left to compute."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.speed.scale.mixture import Floats, Mixture, as_bytes
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.look import LOOK_SIZE, Look
from trainer.progress import Advance

_TOGETHER = 20_000  # photos that are drawn and written in one go
_LONG_AGO = (1_000_000_000, 1_000_000_000)  # seconds: the cache trusts only files that did not change just now
_SEED = 7
_GREY = 3.0  # grey levels: the deviation of a copy's look


class _First(NamedTuple):
    """The label, bottleneck and look of the photo that many others are copies of."""

    label: int
    features: Floats
    pixels: npt.NDArray[np.uint8] | None


def draw_folder(
    folder: Path,
    extractor: FeatureExtractor,
    mixture: Mixture,
    photos: int,
    classes: int,
    advance: Advance,
    *,
    with_looks: bool,
    copies: float = 0.0,
) -> None:
    """Write ``photos`` photos of ``classes`` classes to ``folder``, and what the cache of ``extractor`` has of them.

    Each photo is a JPEG of 16 x 16 pixels with bytes of its own. Its bottleneck is drawn from ``mixture``. With looks,
    that of each photo is drawn too: smooth noise, like no other. The share ``copies`` of the photos, 0 to 1, are near
    copies in bottleneck, look and class: half of them of the very first photo, the others of the photo before them.
    """
    random = np.random.default_rng(_SEED)
    centres = mixture.centres(classes, random)
    for label in range(classes):
        (folder / f"class{label:04}").mkdir(parents=True)
    pictures = [_picture(label) for label in range(classes)]
    first: _First | None = None
    for start, stop in _parts(photos):
        labels = np.arange(start, stop) % classes
        features = mixture.draw(centres, labels, random)
        pixels = _draw_pixels(len(labels), random) if with_looks else None
        if copies:
            first = _copy(first, labels, features, pixels, mixture.rest, copies, random)
        raw = as_bytes(features, extractor.backbone.model.output)
        vectors, files, looks = [], [], []
        drawn = repeat(None, len(labels)) if pixels is None else map(Look, pixels)
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


def _draw_pixels(count: int, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    coarse = random.integers(0, 256, (count, 16, 16), np.uint8)
    size = (LOOK_SIZE, LOOK_SIZE)
    return np.stack([Image.fromarray(cells).resize(size, Image.Resampling.BILINEAR) for cells in coarse])


def _copy(
    first: _First | None,
    labels: npt.NDArray[np.intp],
    features: Floats,
    pixels: npt.NDArray[np.uint8] | None,
    alone: Floats,
    share: float,
    random: np.random.Generator,
) -> _First:
    """Make some photos copies, in place; returns the very first photo, which ``first`` is after the first part.

    ``alone`` (values,) is the deviation with which a value of a photo varies alone: that of a copy varies by a third.
    """
    kinds = random.random(len(labels))
    if first is None:
        first = _First(int(labels[0]), features[0].copy(), None if pixels is None else pixels[0].copy())
        kinds[0] = 1
    noise = random.standard_normal(features.shape, np.float32) * (alone / 3)
    for row in np.flatnonzero(kinds < share).tolist():
        of_first = kinds[row] < share / 2 or row == 0
        labels[row] = first.label if of_first else labels[row - 1]
        features[row] = (first.features if of_first else features[row - 1]) + noise[row]
        if pixels is not None and first.pixels is not None:
            grey = (first.pixels if of_first else pixels[row - 1]) + random.normal(0, _GREY, (LOOK_SIZE, LOOK_SIZE))
            pixels[row] = np.clip(np.rint(grey), 0, 255)
    return first
