"""L-BFGS with a curvature that is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from trainer.head.lbfgs import Floats, Point, lbfgs

MATRIX = np.diag(np.geomspace(1, 1000, 12)) + 0.5
WANTED = np.arange(12.0)


def evaluate(at: Floats) -> Point:
    """A quadratic function with its minimum 0 at WANTED."""
    gradient = MATRIX @ (at - WANTED)
    return Point(at, float((at - WANTED) @ gradient) / 2, gradient)


def test_the_minimum_is_found_without_a_curvature() -> None:
    """With the identity for the inverse it needs many iterations, and calls the watcher with each."""
    seen: list[Point] = []
    found = lbfgs(evaluate, np.zeros(12), np.copy, 500, 1e-14, seen.append)
    np.testing.assert_allclose(found.at, WANTED, atol=1e-4)
    assert seen[0].at.tolist() == [0.0] * 12
    assert seen[-1] is found
    assert all(later.value < earlier.value for earlier, later in itertools.pairwise(seen))


def test_the_exact_curvature_needs_one_iteration() -> None:
    """The first step ends at the minimum; the second finds that the gradient is small."""
    seen: list[Point] = []
    found = lbfgs(evaluate, np.zeros(12), lambda gradient: np.linalg.solve(MATRIX, gradient), 50, 0.0, seen.append)
    np.testing.assert_allclose(found.at, WANTED, atol=1e-9)
    assert len(seen) == 2


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_more_iterations_than_asked_for(most: int) -> None:
    """The watcher gets the start and one place for each iteration."""
    seen: list[Point] = []
    lbfgs(evaluate, np.zeros(12), np.copy, most, 0.0, seen.append)
    assert len(seen) == most + 1


def test_a_direction_that_does_not_descend_ends_the_walk() -> None:
    """If no place along the direction is better, the best place that was found is returned."""
    found = lbfgs(evaluate, np.zeros(12), np.negative, 50, 0.0)
    assert found.at.tolist() == [0.0] * 12
