"""Nearest neighbours: what comparing each with each gives, a block at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.groups import neighbours
from trainer.groups.neighbours import nearest


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_blocks_give_what_all_together_give(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """The same neighbours and cosines, whatever the size of a block."""
    monkeypatch.setattr(neighbours, "BLOCK", block)
    features = np.random.default_rng(0).gamma(1, 1, (150, 16)).astype(np.float32)
    found = nearest(features, 5)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    assert (found.indices == np.argsort(-cosines, axis=1)[:, :5]).all()
    assert found.cosines == pytest.approx(-np.sort(-cosines, axis=1)[:, :5], abs=1e-5)
    assert found.cosines.dtype == np.float32


@given(st.integers(0, 6), st.integers(0, 9))
def test_few_photos_have_few_neighbours(photos: int, count: int) -> None:
    """At most all others; of equal ones the first ones, never a photo itself; zeros are no error."""
    found = nearest(np.zeros((photos, 3), np.float32), count)
    expected = [[other for other in range(photos) if other != photo][:count] for photo in range(photos)]
    assert found.indices.tolist() == expected
    assert not found.cosines.any()
