"""Prototypes of classes: unit vectors, and the draw that is farthest from noise."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.head.class_prototypes import DRAWS, class_prototypes


def units(photos: int, seed: int, values: int = 6) -> np.ndarray:
    """Unit vectors without negative entries."""
    drawn = np.random.default_rng(seed).uniform(0, 1, (photos, values)).astype(np.float32)
    found: np.ndarray = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return found


def test_each_photo_of_a_small_class_is_a_prototype() -> None:
    """Nine photos of three classes are nine prototypes, and a photo that comes twice is one."""
    photos, labels = units(9, 0), np.arange(9) % 3
    found, _ = class_prototypes(photos, labels, 3, 8, [0], None)
    assert sorted(map(tuple, found.round(5))) == sorted(map(tuple, photos.round(5)))
    twice, _ = class_prototypes(np.concatenate([photos, photos]), np.tile(labels, 2), 3, 8, [0], None)
    assert len(twice) == 9


def test_a_class_without_photos_has_none() -> None:
    """In a part of the cross-validation a class may have no photo."""
    found, _ = class_prototypes(units(40, 0), np.zeros(40, np.intp), 2, 4, [0], None)
    assert found.shape == (4, 6)


def test_the_draw_that_is_farthest_from_noise() -> None:
    """Of all draws that one is kept whose nearest prototypes are farthest from the noise."""
    photos, labels, noise = units(300, 0), np.arange(300) % 2, units(8, 1)
    found, draw = class_prototypes(photos, labels, 2, 4, range(DRAWS), noise)
    each = [class_prototypes(photos, labels, 2, 4, [n], noise)[0] for n in range(DRAWS)]
    nearness = [float((noise @ prototypes.T).max(axis=1).mean()) for prototypes in each]
    assert len(set(nearness)) > 1
    assert draw == int(np.argmin(nearness))
    assert (found == each[draw]).all()
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(found)), abs=1e-5)
