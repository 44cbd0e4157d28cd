"""Features in units of their own deviation, so that the penalty on a head's weights treats all of them alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_FLOOR = 0.1  # of the median deviation: a nearly dead feature must not count much
_HEAD_FLOOR = 0.3  # the same for a head: it must not get a huge weight either, docs/adr/0003

Features = npt.NDArray[np.floating[Any]]
Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]


def feature_deviation(features: Features, floor: float = _FLOOR) -> Vector:
    """The standard deviation of each of ``features`` (photos, values), at least ``floor`` of the median: (values,)."""
    deviation = features.std(axis=0, dtype=np.float64)
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
        standard: Matrix = (features - self.mean) / self.deviation
        return standard

    def folded(self, weights: Matrix, bias: Vector) -> tuple[Matrix, Vector]:
        """``weights`` (values, labels) and ``bias`` (labels,) for standardised features as those for raw ones."""
        raw = weights / self.deviation[:, np.newaxis]
        return raw, bias - self.mean @ raw

    def unfolded(self, weights: Matrix, bias: Vector) -> tuple[Matrix, Vector]:
        """The opposite of :meth:`folded`: ``weights`` and ``bias`` for raw features as those for standardised ones."""
        return weights * self.deviation[:, np.newaxis], bias + self.mean @ weights
