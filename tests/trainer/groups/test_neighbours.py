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


@given(st.lists(st.integers(0, 5), min_size=2, max_size=300), st.integers(1, 24))
def test_equal_photos_come_in_their_order(kinds: list[int], count: int) -> None:
    """First the photos with the same values, then the others, both by their index."""
    found = nearest(np.eye(6, dtype=np.float32)[kinds], count)
    for photo, kind in enumerate(kinds):
        others = sorted((other for other in range(len(kinds)) if other != photo), key=lambda i: kinds[i] != kind)
        assert found.indices[photo].tolist() == others[:count]
        assert found.cosines[photo].tolist() == [float(kinds[other] == kind) for other in others[:count]]


def test_values_that_are_no_numbers() -> None:
    """They are like nothing, and the neighbours of the other photos are found all the same."""
    features = np.ones((40, 4), np.float32)
    features[3], features[5, 1] = np.nan, np.inf
    found = nearest(features, 30)
    assert found.indices[0].tolist() == [i for i in range(1, 40) if i not in (3, 5)][:30]
    assert not found.cosines[3].any()
    assert not found.cosines[5].any()
