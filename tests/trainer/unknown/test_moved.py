"""Other things as fine-tuning moves them: learned from pictures of the classes alone."""

from __future__ import annotations

import numpy as np

from trainer.unknown.moved import moved_strangers

RANDOM = np.random.default_rng(0)
BEFORE = RANDOM.exponential(1, (400, 24)).astype(np.float32)


def test_they_move_as_the_pictures_do() -> None:
    """If a linear map moved the pictures, it moves other things the same way, at most as far."""
    change = RANDOM.normal(0, 1, (24, 12))
    after = (10 + BEFORE @ change).astype(np.float32)
    strange = BEFORE.mean(axis=0) + RANDOM.normal(0, 0.5, (50, 24))
    moved, expected = (
        moved_strangers(strange, BEFORE, after) - after.mean(axis=0),
        (strange - BEFORE.mean(axis=0)) @ change,
    )
    lengths = np.linalg.norm(moved, axis=1), np.linalg.norm(expected, axis=1)
    assert ((moved * expected).sum(axis=1) / (lengths[0] * lengths[1])).min() > 0.9
    assert (lengths[0] < lengths[1]).all()


def test_no_value_is_below_those_of_the_pictures() -> None:
    """Values of a network that has none below 0 stay so, however far a thing lies."""
    after = np.maximum(BEFORE - 0.5, 0)
    moved = moved_strangers(RANDOM.normal(0, 30, (50, 24)), BEFORE, after)
    assert moved.shape == (50, 24)
    assert moved.min() == 0


def test_few_pictures_and_dead_values() -> None:
    """Fewer pictures than values, and values that are always the same, give finite numbers."""
    before = BEFORE[:5].copy()
    before[:, 3] = 0
    moved = moved_strangers(RANDOM.exponential(3, (7, 24)), before, before)
    assert np.isfinite(moved).all()
    assert (moved[:, 3] == 0).all()
