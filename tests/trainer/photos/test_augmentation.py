"""Augmentation: within its bounds, the same for the same seed, and nothing at all at strength zero."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from trainer.photos.augmentation import LUMA, Strength, augment_picture, colour_matrix, crop_box

NONE = Strength(least_area=1, aspect=1, light=0, contrast=0, saturation=0, tint=0)
seeds = st.integers(0, 2**32)


def picture(width: int = 64, height: int = 64) -> Image.Image:
    """Random noise."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@given(seeds, st.integers(1, 300), st.integers(1, 300), st.floats(0.05, 1), st.floats(1, 2))
def test_crop_lies_inside_and_keeps_enough(seed: int, width: int, height: int, area: float, aspect: float) -> None:
    """No crop leaves the picture, and none keeps less than the least area allows."""
    strength = NONE._replace(least_area=area, aspect=aspect)
    left, top, right, bottom = crop_box((width, height), strength, np.random.default_rng(seed))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert all(isinstance(edge, int) for edge in (left, top, right, bottom))
    # A stretched crop that would stick out on one side is cut there, which costs at most the stretch.
    assert (right - left) * (bottom - top) >= (area / aspect**0.5 - 1e-6) * width * height


@given(seeds)
def test_grey_stays_the_same_grey_but_for_light_and_tint(seed: int) -> None:
    """Saturation does nothing to grey, and contrast leaves the middle grey alone."""
    strength = NONE._replace(saturation=0.5, contrast=0.5)
    matrix = colour_matrix(strength, np.random.default_rng(seed))
    assert matrix @ [127.5, 127.5, 127.5, 1] == pytest.approx([127.5] * 3)
    saturation_only = colour_matrix(NONE._replace(saturation=0.5), np.random.default_rng(seed))
    assert saturation_only @ [10, 10, 10, 1] == pytest.approx([10] * 3)
    assert np.dot(LUMA, saturation_only @ [200, 30, 90, 1]) == pytest.approx(np.dot(LUMA, [200, 30, 90]))


@given(seeds)
def test_light_scales_all_channels_within_its_bounds(seed: int) -> None:
    """Light multiplies everything by one number between 0.7 and 1.3."""
    matrix = colour_matrix(NONE._replace(light=0.3), np.random.default_rng(seed))
    factor = matrix[0, 0]
    assert 0.7 <= factor <= 1.3
    assert matrix == pytest.approx(np.column_stack([factor * np.eye(3), np.zeros(3)]))


@given(seeds)
def test_without_strength_a_photo_stays_as_it_is_or_is_mirrored(seed: int) -> None:
    """The copies at strength zero are the photo and its mirror image."""
    plain = np.asarray(picture())
    copy = augment_picture(picture(), (64, 64), NONE, np.random.default_rng(seed))
    assert (copy == plain).all() or (copy == plain[:, ::-1]).all()


def test_copies_are_seeded_and_differ() -> None:
    """The same seed gives the same pixels; eight seeds give eight copies in the size asked for, some mirrored."""
    copies = [augment_picture(picture(80, 60), (32, 24), Strength(), np.random.default_rng(seed)) for seed in range(8)]
    again = [augment_picture(picture(80, 60), (32, 24), Strength(), np.random.default_rng(seed)) for seed in range(8)]
    assert all((one == other).all() for one, other in zip(copies, again, strict=True))
    assert {(copy.shape, copy.dtype.name) for copy in copies} == {((24, 32, 3), "uint8")}
    assert len({copy.tobytes() for copy in copies}) == 8


def test_half_of_the_copies_are_mirrored() -> None:
    """Of two hundred seeds about a hundred mirror."""
    plain = np.asarray(picture(8, 8))
    mirrored = sum(
        (augment_picture(picture(8, 8), (8, 8), NONE, np.random.default_rng(seed)) != plain).any()
        for seed in range(200)
    )
    assert 80 <= mirrored <= 120
