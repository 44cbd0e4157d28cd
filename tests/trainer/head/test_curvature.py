"""The curvature that a fit starts from."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.head.curvature import Curvature


@pytest.mark.parametrize(("photos", "values"), [(300, 20), (12, 40), (1, 5)])
def test_solve_is_the_inverse_if_all_directions_are_kept(photos: int, values: int) -> None:
    """With no more values or photos than directions, the step solves (factor * covariance + l2) step = gradient."""
    random = np.random.default_rng(3)
    features = random.normal(size=(photos, values)) * np.geomspace(3, 0.1, values)
    gradient = random.normal(size=(values + 1, 4))
    step = Curvature.of(features).solve(gradient, 0.2, 0.01)
    second = 0.2 * features.T @ features / photos + 0.01 * np.eye(values)
    np.testing.assert_allclose(second @ step[:-1], gradient[:-1], atol=1e-8)
    np.testing.assert_allclose(step[-1], gradient[-1] / 0.2)


def test_weak_directions_count_as_the_strongest_of_them() -> None:
    """Of 100 values 64 directions are kept; a step along any other is never longer than the exact one."""
    random = np.random.default_rng(4)
    features = random.normal(size=(400, 100)) * np.geomspace(5, 0.05, 100)
    found = Curvature.of(features)
    assert found.directions.shape == (100, 64)
    np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(64), atol=1e-9)
    exact = np.linalg.eigvalsh(features.T @ features / 400)[::-1]
    np.testing.assert_allclose(found.variances + found.others, exact[:64], rtol=1e-6)
    assert found.others == pytest.approx(exact[64], rel=1e-6)


def test_features_without_any_spread_have_no_directions() -> None:
    """Zeros give a step that the penalty alone bounds."""
    found = Curvature.of(np.zeros((30, 6)))
    assert found.directions.shape == (6, 0)
    np.testing.assert_allclose(found.solve(np.ones((7, 2)), 0.5, 0.1)[:-1], 10)
