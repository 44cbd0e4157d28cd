"""Bottlenecks with labels and groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.bottlenecks.labelled import Labelled

GROUPS = st.lists(st.integers(0, 6), min_size=1, max_size=30).map(lambda groups: np.array(groups, np.intp))


def labelled(groups: np.ndarray | None, photos: int = 0) -> Labelled:
    """Photos of two classes in ``groups``."""
    count = photos if groups is None else len(groups)
    return Labelled(np.arange(2.0 * count).reshape(count, 2), np.arange(count) % 2, groups)


@given(GROUPS)
def test_every_group_has_the_weight_of_one_photo(groups: np.ndarray) -> None:
    """The weights of a group's photos add up to 1, so all weights to the number of groups."""
    data = labelled(groups)
    assert data.weights is not None
    for group in np.unique(groups):
        assert data.weights[groups == group].sum() == pytest.approx(1)
    assert data.weights.sum() == pytest.approx(data.independent) == pytest.approx(len(np.unique(groups)))


@given(GROUPS)
def test_group_means_are_the_means_of_the_groups(groups: np.ndarray) -> None:
    """One mean for each group, in the order of the groups' numbers."""
    values = np.arange(len(groups)) ** 2.0
    expected = [values[groups == group].mean() for group in np.unique(groups)]
    np.testing.assert_allclose(labelled(groups).group_means(values), expected)


def test_without_groups_every_photo_counts_as_one() -> None:
    """Independent photos have no weights, and each is its own mean."""
    data = labelled(None, 5)
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    assert data.weights is None
    assert data.independent == 5
    assert data.group_means(values) is values


def test_chosen_photos_keep_their_groups() -> None:
    """A part has the labels and groups of its photos; photos without groups stay without."""
    data = labelled(np.array([4, 4, 2, 7]))
    chosen = np.array([True, False, True, False])
    first, rest = data.where(chosen), data.where(~chosen)
    assert first.groups is not None and first.groups.tolist() == [4, 2]
    assert rest.groups is not None and rest.groups.tolist() == [4, 7]
    assert (first.labels.tolist(), rest.labels.tolist()) == ([0, 0], [1, 1])
    assert labelled(None, 4).where(chosen).groups is None


@given(st.lists(st.booleans(), max_size=9), GROUPS)
def test_photos_that_follow_each_other_are_not_copied(chosen: list[bool], groups: np.ndarray) -> None:
    """The photos are the same either way; those of a split, in one row, share the memory of all."""
    marks = np.array([*chosen, *[False] * len(groups)], bool)[: len(groups)]
    data = labelled(groups)
    found = data.where(marks)
    for part, whole in zip(found, data, strict=True):
        assert np.array_equal(part, whole[marks])
    places = np.flatnonzero(marks)
    in_a_row = len(places) > 0 and len(places) == places[-1] - places[0] + 1
    assert np.shares_memory(found.features, data.features) == in_a_row
