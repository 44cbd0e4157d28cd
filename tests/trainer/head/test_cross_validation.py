"""Tests of cross-validation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.bottlenecks.labelled import Labelled
from trainer.head.cross_validation import assign_folds, cross_validate
from trainer.photos.dataset import Photo


def photos(counts: dict[str, int], copies: int = 1) -> list[Photo]:
    """``counts`` groups of ``copies`` photos for each class."""
    return [
        Photo(Path(), f"{label}/{number}_nohash_{copy}.jpg", label, b"", "training", f"{label}/{number}_nohash_0.jpg")
        for label, count in counts.items()
        for number in range(count)
        for copy in range(copies)
    ]


@given(st.integers(3, 30), st.integers(3, 30), st.integers(1, 3), st.integers(0, 5))
def test_every_part_has_every_class_and_groups_stay_together(few: int, many: int, copies: int, seed: int) -> None:
    """Parts of one class differ by at most one group, and no group is torn apart."""
    listed = photos({"daisy": few, "rose": many}, copies)
    assigned, folds = assign_folds(listed, seed)
    assert folds == max(3, min(5, few, many))
    for label in ("daisy", "rose"):
        sizes = Counter(int(part) for part, photo in zip(assigned, listed, strict=True) if photo.label == label)
        assert set(sizes) == set(range(folds))
        assert max(sizes.values()) - min(sizes.values()) <= copies
    group_parts = {
        (photo.label, photo.relative.split("_nohash_")[0], int(part))
        for part, photo in zip(assigned, listed, strict=True)
    }
    assert len(group_parts) == few + many


def test_another_seed_gives_other_parts() -> None:
    """The parts follow from the seed and the paths alone."""
    listed = photos({"daisy": 20, "rose": 20})
    first, again, other = (assign_folds(listed, seed)[0].tolist() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(("distance", "least", "most"), [(20.0, 29, 30), (0.0, 4, 26)])
def test_accuracy_is_that_on_photos_not_seen(distance: float, least: int, most: int) -> None:
    """Clouds far apart are all named; labels that mean nothing are guessed, however well the training went."""
    random = np.random.default_rng(5)
    labels = np.arange(30) % 2
    features = random.normal(size=(30, 40)) + distance * np.eye(2, 40)[labels]
    assigned = np.arange(30) // 2 % 5
    found = cross_validate(Labelled(features.astype(np.float32), labels), assigned, folds=5, labels=2, max_steps=100)
    assert found[1:4] == (30, 30, 5)
    assert (found.scores.argmax(axis=1) == labels).sum() == found.right
    np.testing.assert_allclose(found.scores.sum(axis=1), 1)
    assert least <= found.right <= most


def test_each_part_is_evaluated_by_a_head_that_never_saw_it() -> None:
    """All photos of a part with swapped labels get wrong labels: no head was trained on that part."""
    labels = np.arange(60) % 2
    features = 10 * np.eye(2)[labels] + np.random.default_rng(1).normal(size=(60, 2))
    assigned = np.arange(60) // 2 % 5
    swapped = np.where(assigned == 0, 1 - labels, labels)
    ticks: list[int] = []
    found = cross_validate(
        Labelled(features, swapped), assigned, folds=5, labels=2, max_steps=200, advance=ticks.append
    )
    assert found[:4] == (48, 60, 60, 5)
    assert (found.scores[assigned == 0, swapped[assigned == 0]] < 0.1).all()
    assert ticks == [1] * 5
