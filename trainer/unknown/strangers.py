"""Bottlenecks of things that no photo showed: from the mean photo, far along a direction.

A direction is that of an ImageNet class (:mod:`trainer.unknown.directions`), or a random one: nearly every direction in
a space of hundreds of values leads away from the few in which photos of the classes differ. docs/adr/0021 has both
measured.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.standardisation import Features, Matrix

RANDOM_DIRECTIONS = 800
"""The number of random directions that teach."""

TEACHING_SEED, JUDGING_SEED = 0, 1
"""Of the random directions that teach, and of others that judge what was taught."""

_FAR = 3.0  # times the usual distance of a photo from the mean photo
_LIKE = 1.5  # deviations above the usual direction, from which on one is like a class
_MOST_LEFT_OUT = 0.5  # of all directions
_BLOCK = 2048  # photos
_MAD = 1.4826  # turns the median deviation of a normal distribution into its standard deviation


def strange_bottlenecks(vectors: Features, known: Features) -> Matrix:
    """A bottleneck (directions, values) for each of ``vectors`` (directions, values), of unit length.

    From the mean of the bottlenecks ``known`` (photos, values), each goes three times as far as a photo usually lies
    from it. No value is below the lowest of the photos, which is 0 for most networks, and the length is that of a
    usual photo.
    """
    mean = known.mean(axis=0, dtype=np.float64)
    distance, usual = _lengths(known, mean).mean(), _lengths(known).mean()
    far = np.maximum(mean + _FAR * distance * vectors, float(known.min()))
    strange: Matrix = far * (usual / np.maximum(np.linalg.norm(far, axis=1, keepdims=True), 1e-12))
    return strange


def _lengths(features: Features, origin: Features | None = None) -> Features:
    """How far each of ``features`` (photos, values) is from ``origin`` (values,), None: from 0; (photos,).

    NumPy makes three arrays of the size of what it gets; so it gets some photos at a time.
    """
    blocks = (features[start : start + _BLOCK] for start in range(0, len(features), _BLOCK))
    return np.concatenate([np.linalg.norm(block if origin is None else block - origin, axis=1) for block in blocks])


def random_directions(
    values: int, count: int = RANDOM_DIRECTIONS, seed: int = TEACHING_SEED
) -> npt.NDArray[np.float32]:
    """``count`` random directions (count, values) of unit length: for each ``seed`` always the same."""
    vectors = np.random.default_rng(seed).standard_normal((count, values))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def not_like_classes(vectors: Features, data: Labelled) -> npt.NDArray[np.bool_]:
    """Which of ``vectors`` (directions, values) are not the direction of a class of ``data``, or of one like it.

    Photos of a class meet the directions of what they show, and of all that is like it: photos of dogs meet every breed
    of dogs. So a direction is left out if the mean bottleneck of a class is nearer to it, by one and a half deviations,
    than to the usual direction. At most half of all directions are left out, those that are most like a class.
    """
    likeness = np.full(len(vectors), -np.inf)
    for label in np.unique(data.labels):
        mean = data.features[data.labels == label].mean(axis=0, dtype=np.float64)
        near = vectors @ mean
        middle = np.median(near)
        deviation = max(_MAD * float(np.median(np.abs(near - middle))), 1e-12)
        likeness = np.maximum(likeness, (near - middle) / deviation)
    border = max(_LIKE, float(np.quantile(likeness, 1 - _MOST_LEFT_OUT)))
    kept: npt.NDArray[np.bool_] = likeness <= border
    return kept
