"""Principal axes: those of a full decomposition, found faster."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.head.principal_axes import AXES, principal_axes


def offsets(photos: int, features: int) -> np.ndarray:
    """Offsets with variances that fall along hidden axes."""
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.standard_normal((features, features)))[0]
    drawn = random.standard_normal((photos, features)) * (5 * 0.85 ** np.arange(features) + 0.5)
    found: np.ndarray = (drawn @ basis).astype(np.float32)
    return found - found.mean(axis=0)


def test_same_as_a_full_decomposition() -> None:
    """Axes are unit vectors at right angles; variances are those of NumPy's decomposition, and so is their sum."""
    given = offsets(400, 100)
    found = principal_axes(given)
    exact = np.linalg.svd(given.astype(np.float64), compute_uv=False) ** 2 / 400
    assert found.axes.shape == (AXES, 100)
    assert found.axes @ found.axes.T == pytest.approx(np.eye(AXES), abs=1e-4)
    assert found.variances[:20] == pytest.approx(exact[:20], rel=1e-3)
    assert found.variances == pytest.approx(exact[:AXES], rel=0.05)
    assert found.variances.sum() + found.rest * (100 - AXES) == pytest.approx(exact.sum(), rel=1e-5)


def test_from_the_axes_of_nearly_the_same_photos() -> None:
    """A shorter search that starts there finds the same variances."""
    given = offsets(400, 100)
    near = principal_axes(given)
    again = principal_axes(given[:350] - given[:350].mean(axis=0), near)
    anew = principal_axes(given[:350] - given[:350].mean(axis=0))
    assert again.variances[:20] == pytest.approx(anew.variances[:20], rel=1e-3)
    assert again.variances == pytest.approx(anew.variances, rel=0.05)


@pytest.mark.parametrize(("photos", "features", "axes"), [(400, 20, 10), (12, 100, 6), (1, 100, 1), (5, 1, 1)])
def test_fewer_axes(photos: int, features: int, axes: int) -> None:
    """Few features or few photos have fewer axes, and all numbers are positive."""
    found = principal_axes(np.asarray(offsets(400, features)[:photos]))
    assert found.axes.shape == (axes, features)
    assert (found.variances > 0).all()
    assert found.rest > 0
