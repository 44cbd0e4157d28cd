"""Augmentation: within its bounds, the same for the same seed, and nothing at all at strength zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from trainer.photos.augmentation import LUMA, Strength, augment_picture, colour_matrix, crop_box, turned_crop

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
    """Saturation and hue do nothing to grey, and contrast leaves the middle grey alone."""
    strength = NONE._replace(saturation=0.5, contrast=0.5, hue=30)
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


@given(seeds, st.floats(1, 90))
def test_hue_moves_a_colour_about_grey_by_the_angle_at_most(seed: int, most: float) -> None:
    """What is not grey in a colour keeps its length, and turns by no more degrees than allowed."""
    matrix = colour_matrix(NONE._replace(hue=most), np.random.default_rng(seed))[:, :3]
    before = np.array([2.0, -1.0, -1.0])
    after = matrix @ before
    assert after.sum() == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before))
    assert before @ after / 6 >= np.cos(np.radians(most)) - 1e-9


def test_only_hue_turns_red_towards_its_neighbours() -> None:
    """By 120 degrees red becomes green or blue: one number drawn, whatever the other strengths are."""
    found = [colour_matrix(NONE._replace(hue=120), Fixed(end)) @ [255, 0, 0, 1] for end in (1.0, -1.0)]
    assert found[0] == pytest.approx([0, 255, 0])
    assert found[1] == pytest.approx([0, 0, 255])


class Fixed(np.random.Generator):
    """Draws the same share of every range: 1 its end, -1 its beginning."""

    def __init__(self, share: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.share = share

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """The number at that share of the way from the middle to the end."""
        return np.full(size or (), (low + high) / 2 + self.share * (high - low) / 2)


@given(st.floats(-1, 1), st.integers(0, 20), st.integers(0, 20), st.integers(10, 40), st.integers(10, 40))
def test_turned_crop_takes_what_lies_there(share: float, left: int, top: int, width: int, height: int) -> None:
    """On a slope every pixel has the value of the place that the turn and the shear take it from."""
    size, turn = (64, 80), 20.0
    row, column = np.mgrid[:80, :64]
    slope = np.stack([3 * column, 3 * row, 0 * row], -1).astype(np.uint8)
    box = (left, top, min(left + width, 64), min(top + height, 80))
    copy = np.asarray(turned_crop(Image.fromarray(slope), box, turn, Fixed(share)), float)
    assert copy.shape == (box[3] - box[1], box[2] - box[0], 3)
    angle, shear = np.radians(share * turn), np.radians(share * turn / 2)
    y, x = np.mgrid[box[1] : box[3], box[0] : box[2]] + 0.5
    across = np.cos(angle) * (x - 32) + (shear - np.sin(angle)) * (y - 40) + 32
    down = np.sin(angle) * (x - 32) + np.cos(angle) * (y - 40) + 40
    inside = (across > 1) & (across < size[0] - 1) & (down > 1) & (down < size[1] - 1)
    assert np.abs(copy[..., 0] - 3 * (across - 0.5))[inside].max() < 2
    assert np.abs(copy[..., 1] - 3 * (down - 0.5))[inside].max() < 2


@given(seeds, st.integers(1, 40), st.integers(1, 40))
def test_turned_crop_mirrors_what_lies_outside(seed: int, width: int, height: int) -> None:
    """Of a picture of one colour nothing else is seen, however it is turned: no black corners."""
    plain = Image.new("RGB", (width, height), (200, 100, 50))
    copy = np.asarray(turned_crop(plain, (0, 0, width, height), 45.0, np.random.default_rng(seed)))
    assert (copy.reshape(-1, 3) == (200, 100, 50)).all()


def test_half_of_the_copies_are_turned() -> None:
    """Of two hundred seeds about a hundred turn."""
    plain, strength = np.asarray(picture(8, 8)), NONE._replace(turn=45)
    turned = 0
    for seed in range(200):
        copy = augment_picture(picture(8, 8), (8, 8), strength, np.random.default_rng(seed))
        turned += not any(np.array_equal(copy, other) for other in (plain, plain[:, ::-1]))
    assert 80 <= turned <= 120


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
