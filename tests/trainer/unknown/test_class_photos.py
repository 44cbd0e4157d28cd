"""Photos of the classes among those of other things."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.bottlenecks.labelled import Labelled
from trainer.unknown import class_photos
from trainer.unknown.class_photos import like_a_class

VALUES = 32


def cluster(place: int, count: int, seed: int) -> np.ndarray:
    """Bottlenecks of one kind of thing."""
    features = np.random.default_rng(seed).exponential(0.3, (count, VALUES))
    features[:, 4 * place : 4 * place + 4] += 2
    return features


KNOWN = Labelled(np.concatenate([cluster(0, 60, 0), cluster(1, 60, 1)]), np.arange(120) // 60)


def test_photos_of_a_class_are_found_among_others() -> None:
    """Half of them or more, with their class; other things are not taken for a class."""
    strange = np.concatenate([cluster(4, 40, 2), cluster(1, 30, 3)])
    found = like_a_class(strange, KNOWN)
    assert (found[:40] == -1).all()
    assert (found[40:] == 1).mean() >= 0.4


def test_one_photo() -> None:
    """A single photo of a class, and a single one of another thing."""
    assert like_a_class(cluster(0, 30, 4).mean(axis=0, keepdims=True), KNOWN).tolist() == [0]
    assert like_a_class(cluster(5, 1, 5), KNOWN).tolist() == [-1]


def test_a_kind_of_its_own_near_a_class_stays() -> None:
    """Counter-examples have each other as neighbours."""
    near = cluster(0, 40, 6)
    near[:, 24:28] += 2
    assert (like_a_class(near, KNOWN) == -1).mean() > 0.9


def test_nothing_to_compare() -> None:
    """No photos at all, or too few of the classes to say what is usual."""
    assert like_a_class(np.zeros((0, VALUES)), KNOWN).shape == (0,)
    few = Labelled(KNOWN.features[:4], KNOWN.labels[:4])
    assert like_a_class(cluster(0, 3, 7), few).tolist() == [-1] * 3


def test_many_photos_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 121 photos, the last one smaller, give what one block gives."""
    strange = np.concatenate([cluster(4, 600, 8), cluster(1, 100, 9)])
    at_once = like_a_class(strange, KNOWN)
    monkeypatch.setattr(class_photos, "_CELLS", 100_000)
    found = like_a_class(strange, KNOWN)
    assert found.tolist() == at_once.tolist()
    assert (found[:600] == -1).all()
    assert set(found[600:].tolist()) <= {-1, 1}
