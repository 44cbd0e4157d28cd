"""Features in units of their own deviation, so that the penalty on a head's weights treats all of them alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_BLOCK = 2048  # photos
_FLOOR = 0.1  # of the median deviation: a nearly dead feature must not count much
_HEAD_FLOOR = 0.3  # the same for a head: it must not get a huge weight either, docs/adr/0003

Features = npt.NDArray[np.floating[Any]]
Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]


def feature_deviation(features: Features, floor: float = _FLOOR) -> Vector:
    """The standard deviation of each of ``features`` (photos, values), at least ``floor`` of the median: (values,)."""
    mean = features.mean(axis=0, dtype=np.float64)
    # As features.std does it, with the same bits, but without a second array of this size in float64.
    total = np.zeros((1, features.shape[1]))
    for start in range(0, len(features), _BLOCK):
        squares = (features[start : start + _BLOCK] - mean) ** 2
        total = np.concatenate([total, squares]).sum(axis=0, keepdims=True)
    deviation = np.sqrt(total[0] / len(features))
    floored: Vector = np.maximum(deviation, floor * np.median(deviation) + 1e-9)
    return floored


class Standardisation(NamedTuple):
    """What is subtracted from each feature, and what it is then divided by: both (values,)."""

    mean: Vector
    deviation: Vector

    @classmethod
    def of(cls, features: Features) -> Standardisation:
        """The one for a head that is fitted on ``features`` (photos, values)."""
        return cls(features.mean(axis=0, dtype=np.float64), feature_deviation(features, _HEAD_FLOOR))

    def apply(self, features: Features) -> Matrix:
        """The standardised ``features``, (photos, values) float64."""
        standard: Matrix = features - self.mean
        standard /= self.deviation  # in place: a second array of this size is the peak of a fit
        return standard

    def folded(self, weights: Matrix, bias: Vector) -> tuple[Matrix, Vector]:
        """``weights`` (values, labels) and ``bias`` (labels,) for standardised features as those for raw ones."""
        raw = weights / self.deviation[:, np.newaxis]
        return raw, bias - self.mean @ raw

    def unfolded(self, weights: Matrix, bias: Vector) -> tuple[Matrix, Vector]:
        """The opposite of :meth:`folded`: ``weights`` and ``bias`` for raw features as those for standardised ones."""
        return weights * self.deviation[:, np.newaxis], bias + self.mean @ weights
