"""Which directions belong to a backbone: those that its bottlenecks meet more often than by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.unknown.fit_test import ABOVE_CHANCE, above_chance, fits
from trainer.unknown.packaged_directions import unit_rows

VALUES, CLASSES = 64, 200


def directions(seed: int) -> np.ndarray:
    """Random directions, as those of a classifier."""
    return unit_rows(np.random.default_rng(seed).normal(size=(CLASSES, VALUES)).astype(np.float32))


def pictures(vectors: np.ndarray, count: int, seed: int = 7) -> np.ndarray:
    """Bottlenecks of things that are somewhat like one of the classes: none is below 0."""
    random = np.random.default_rng(seed)
    things = random.exponential(0.5, (count, VALUES)) + 6 * vectors[random.integers(0, CLASSES, count)]
    return np.maximum(things, 0).astype(np.float32)


def test_directions_of_the_backbone_fit() -> None:
    """They are far above chance, and the same values give the same answer again."""
    vectors = directions(1)
    found = above_chance(pictures(vectors, 100), vectors)
    assert found > 2 * ABOVE_CHANCE
    assert above_chance(pictures(vectors, 100), vectors) == found
    assert fits(pictures(vectors, 100), vectors)


@settings(max_examples=25)
@given(st.integers(2, 1_000_000), st.integers(1, 400))
def test_directions_of_another_backbone_do_not_fit(seed: int, count: int) -> None:
    """Whatever they are, and however many pictures there are."""
    assert not fits(pictures(directions(1), count), directions(seed))


def test_permuted_directions_do_not_fit() -> None:
    """The values of the bottleneck in another order are another backbone."""
    vectors = directions(1)
    order = np.random.default_rng(3).permutation(VALUES)
    assert not fits(pictures(vectors, 100), vectors[:, order])


@pytest.mark.parametrize("features", [np.zeros((9, VALUES)), np.ones((9, VALUES))], ids=["zeros", "ones"])
def test_bottlenecks_that_tell_nothing_fit_nothing(features: np.ndarray) -> None:
    """A network that gives the same for everything has no directions."""
    assert not fits(features.astype(np.float32), directions(1))
