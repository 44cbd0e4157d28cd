"""Variants of a photo: the same ones every time, each another, all of them still the photo."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from trainer.augmentation import AUGMENTATION_VERSION, _crop, make_variant, variant_identity

PHOTO = hashlib.sha256(b"photo").digest()
SIZE = (64, 48)


def corners() -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (120, 90), (200, 40, 40))
    picture.paste((40, 40, 200), (60, 0, 120, 90))
    return picture


def test_identity() -> None:
    """The identity of a variant follows from the photo's hash, the version and the number, and from nothing else."""
    assert AUGMENTATION_VERSION == 1
    assert variant_identity(PHOTO, 3) == hashlib.sha256(PHOTO + b"augmentation 1 3").digest()


def test_the_same_variant_every_time() -> None:
    """The same arguments give the same pixels; another number or another photo gives others."""
    first = make_variant(corners(), PHOTO, 1, SIZE)
    assert first.dtype == np.uint8
    assert first.shape == (48, 64, 3)
    assert (make_variant(corners(), PHOTO, 1, SIZE) == first).all()
    assert (make_variant(corners(), PHOTO, 2, SIZE) != first).any()
    assert (make_variant(corners(), hashlib.sha256(b"other").digest(), 1, SIZE) != first).any()


def test_variants_are_mirrored_and_lit_as_often_as_not() -> None:
    """Of 200 variants about half are mirrored, and about half are brighter than the photo."""
    variants = [make_variant(corners(), PHOTO, number, SIZE).astype(float) for number in range(1, 201)]
    mirrored = sum(variant[:, 0, 2].mean() > variant[:, 0, 0].mean() for variant in variants)
    brighter = sum(variant[:, 0].max() > 200 for variant in variants)
    assert 75 <= mirrored <= 125
    assert 50 <= brighter <= 150


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (320, 240)])
@given(seed=st.integers())
def test_crops_lie_inside(size: tuple[int, int], seed: int) -> None:
    """A crop keeps at least 0.6 of the photo's area, a little less where its stretch meets an edge."""
    left, top, right, bottom = _crop(size, random.Random(seed))
    assert 0 <= left < right <= size[0] * (1 + 1e-9)
    assert 0 <= top < bottom <= size[1] * (1 + 1e-9)
    assert 0.55 <= (right - left) * (bottom - top) / (size[0] * size[1]) <= 1 + 1e-9


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (7, 3)])
def test_photo_smaller_than_the_model(size: tuple[int, int]) -> None:
    """A photo of hardly any pixels has variants too."""
    assert make_variant(Image.new("RGB", size), PHOTO, 1, SIZE).shape == (48, 64, 3)
