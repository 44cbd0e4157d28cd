"""Seeded variants of a photo: mirrored, cropped, in other light and colour; the same bytes on every machine."""

from __future__ import annotations

import hashlib
import random

import numpy as np
from PIL import Image, ImageEnhance

from edge.preprocess import Pixels

AUGMENTATION_VERSION = 1
"""Goes up with any change that alters a pixel of a variant; cached bottlenecks of variants are bound to it."""

_SMALLEST_AREA = 0.6  # of the photo that a crop keeps
_STRETCH = 1.25  # how much a crop may change the ratio of width to height, either way
_LIGHT, _CONTRAST, _COLOUR = 0.25, 0.2, 0.3  # how far a factor may lie from 1


def variant_identity(sha256: bytes, number: int) -> bytes:
    """The identity (32 bytes) of variant ``number``, from 1 on, of the photo whose content hash is ``sha256``."""
    return hashlib.sha256(sha256 + f"augmentation {AUGMENTATION_VERSION} {number}".encode()).digest()


def make_variant(picture: Image.Image, sha256: bytes, number: int, size: tuple[int, int]) -> Pixels:
    """Variant ``number`` of the RGB ``picture`` with content hash ``sha256``, for a model of (width, height) ``size``.

    Returns uint8 (height, width, 3). Nothing but the arguments decides what is drawn.
    """
    rng = random.Random(variant_identity(sha256, number))
    variant = picture.resize(size, Image.Resampling.BILINEAR, _crop(picture.size, rng), reducing_gap=2.0)
    if rng.random() < 0.5:
        variant = variant.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance, reach in (
        (ImageEnhance.Brightness, _LIGHT),
        (ImageEnhance.Contrast, _CONTRAST),
        (ImageEnhance.Color, _COLOUR),
    ):
        variant = enhance(variant).enhance(rng.uniform(1 - reach, 1 + reach))
    return np.asarray(variant, np.uint8)


def _crop(size: tuple[int, int], rng: random.Random) -> tuple[float, float, float, float]:
    """A box within a picture of (width, height) ``size``: left, top, right, bottom in pixels."""
    area, stretch = rng.uniform(_SMALLEST_AREA, 1), _STRETCH ** rng.uniform(-0.5, 0.5)
    width, height = (min(1.0, area**0.5 * stretch), min(1.0, area**0.5 / stretch))
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    columns, rows = size
    return left * columns, top * rows, (left + width) * columns, (top + height) * rows
