"""Tests of cross-validation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.bottlenecks.labelled import Labelled
from trainer.head import folds as folds_module
from trainer.head.cross_validation import cross_validate
from trainer.head.folds import Folds, assign_folds
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
    found = cross_validate(Folds(Labelled(features.astype(np.float32), labels), assigned, 5, labels=2, max_steps=100))
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
    found = cross_validate(Folds(Labelled(features, swapped), assigned, 5, labels=2, max_steps=200), ticks.append)
    assert found[:4] == (48, 60, 60, 5)
    assert (found.scores[assigned == 0, swapped[assigned == 0]] < 0.1).all()
    assert ticks == [1] * 5


def test_a_group_counts_as_one_photo() -> None:
    """Of 15 groups of four equal photos, two with swapped labels: 13 of 15, and only the photos that count do."""
    groups = np.repeat(np.arange(15), 4)
    labels = groups % 3
    features = 10 * np.eye(3)[labels] + 0.1 * np.random.default_rng(2).normal(size=(60, 3))
    swapped = np.where(groups < 2, (labels + 1) % 3, labels)
    folds = Folds(Labelled(features, swapped, groups), groups // 3, 5, labels=3, max_steps=200)
    found = cross_validate(folds)
    assert found[:4] == (13, 15, 60, 5)
    assert found.accuracy == pytest.approx(13 / 15)
    counted = groups % 3 != 0
    found = cross_validate(folds._replace(counted=counted))
    assert found[:4] == (9, 10, 40, 5)
    assert len(found.scores) == 60


def test_a_group_of_two_classes_stays_in_one_part() -> None:
    """A scene with a daisy and a rose, photographed for both classes, is in one part, and parts stay balanced."""
    listed = photos({"daisy": 10, "rose": 10})
    shared = [
        photo.label == "rose" and photo.relative in ("rose/3_nohash_0.jpg", "rose/4_nohash_0.jpg") for photo in listed
    ]
    listed = [
        photo._replace(group=photo.group.replace("rose", "daisy")) if both else photo
        for photo, both in zip(listed, shared, strict=True)
    ]
    assigned, folds = assign_folds(listed, 0)
    parts: dict[str, set[int]] = {}
    for part, photo in zip(assigned, listed, strict=True):
        parts.setdefault(photo.group, set()).add(int(part))
    assert all(len(found) == 1 for found in parts.values())
    for label in ("daisy", "rose"):
        sizes = Counter(int(part) for part, photo in zip(assigned, listed, strict=True) if photo.label == label)
        assert [sizes[part] for part in range(folds)] == [2] * 5


def test_a_class_of_one_group_is_in_every_part() -> None:
    """The photos of a class with one group go to the parts one by one, so that every head has seen the class."""
    listed = photos({"daisy": 9})
    listed += [Photo(Path(), f"rose/{i}.jpg", "rose", b"", "training", "rose/0.jpg") for i in range(9)]
    assigned, folds = assign_folds(listed, 0)
    assert {int(part) for part in assigned[9:]} == set(range(folds))


def test_many_photos_take_fewer_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many heads are fitted at the same time as there are cores and parts, and as 500 MB hold; one at least."""
    few, many = (np.broadcast_to(np.float32(0), (photos, 1024)) for photos in (3_000, 20_000))

    def together(features: np.ndarray, cores: int) -> int:
        monkeypatch.setattr(folds_module, "available_cores", lambda: cores)
        return Folds(Labelled(features, np.zeros(len(features), np.intp)), np.zeros(0, np.intp), 5, 2, 10).together

    assert [together(few, cores) for cores in (1, 2, 16)] == [1, 2, 5]
    assert together(many, 16) == 1


def test_the_scores_do_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts are evaluated one after the other or at once, with the same bits, and each is counted once."""
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    data = Labelled((random.normal(0, 1, (90, 8)) + labels[:, np.newaxis]).astype(np.float32), labels)
    found, advanced = [], []
    for cores in (1, 4):
        monkeypatch.setattr(folds_module, "available_cores", lambda cores=cores: cores)
        found.append(cross_validate(Folds(data, np.arange(90) % 5, 5, 3, 50), advanced.append))
    assert found[0].scores.tobytes() == found[1].scores.tobytes()
    assert advanced == [1] * 10
