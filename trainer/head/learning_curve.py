"""Accuracy against the number of photos: heads refitted on a share of the photos, and what more photos may bring.

Four points do not show by which power of the number of photos the error falls. So the error is fitted as
``floor + slope * photos ** -exponent`` with an exponent of 1/2 for the expected gain, and of 1/4 and 1 for its ends.
The exponents of linear classifiers lie between 1/2 and 1 (C. Cortes et al., *Learning Curves: Asymptotic Values and
Rate of Convergence*, 1993); smaller ones were measured too (T. Viering and M. Loog, *The Shape of Learning Curves: a
Review*, 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.folds import Folds
from trainer.head.linear import Matrix
from trainer.head.shares import SHARES, label_with_shares

LEAST_INDEPENDENT = 20
"""With fewer independent photos a class, on average, there is no learning curve."""

MOST_NAMED = 3
"""The largest number of classes that :attr:`LearningCurve.weak` holds."""

_EXPONENT = 0.5
_EXPONENTS = (0.25, 0.5, 1.0)
_Z_95 = NormalDist().inv_cdf(0.975)
_CHANCE = 0.05


class CurvePoint(NamedTuple):
    """One point of the curve: heads fitted on ``photos_per_class`` independent photos, the mean over the classes.

    Of ``independent`` groups of photos that the heads had not seen, ``right`` is the sum of the shares labelled
    correctly.
    """

    share: float
    photos_per_class: float
    right: float
    independent: int

    @property
    def accuracy(self) -> float:
        """The share labelled correctly, 0 to 1."""
        return self.right / self.independent


class Gain(NamedTuple):
    """By how much the accuracy (0 to 1) is likely to grow with twice as many photos, and between which ends."""

    expected: float
    low: float
    high: float


class LearningCurve(NamedTuple):
    """The points at :data:`SHARES`, and what twice as many photos of the same kind are likely to bring.

    ``recalls`` (labels, shares) is the share of the photos of each class that got its label; not a number for a class
    that does not count. ``weak`` are the indices of the labels that stand out, at most :data:`MOST_NAMED`: their recall
    is below that of the other classes and still grows, both by more than chance. The lowest recall comes first.
    """

    points: list[CurvePoint]
    gain: Gain
    recalls: Matrix
    weak: list[int]


def learning_curve(
    folds: Folds, l2: float, seed: int, advance: Callable[[int], None] = lambda count: None
) -> LearningCurve | None:
    """Fit heads with the penalty ``l2`` on shares of the groups outside each part, and evaluate them on that part.

    None if there are too few independent photos: see :data:`LEAST_INDEPENDENT`. ``seed`` gives the random choices;
    ``advance`` is called with 1 for each part.
    """
    evaluated = folds.data.where(folds.shown)
    if not len(evaluated.labels) or evaluated.independent < LEAST_INDEPENDENT * len(np.unique(evaluated.labels)):
        return None
    found = label_with_shares(folds, l2, seed, advance)
    return summarize(evaluated, found.right[folds.shown], found.photos_per_class, folds.labels)


def summarize(data: Labelled, right: Matrix, photos: npt.NDArray[np.float64], labels: int) -> LearningCurve:
    """The curve of ``data``, whose photos were labelled correctly, 0 to 1, as ``right`` (photos, shares) says.

    ``photos`` (shares,) is the mean number of independent photos of a class that trained.
    """
    groups = _group_means(data, right)
    points = [
        CurvePoint(share, float(count), float(column.sum()), len(column))
        for share, count, column in zip(SHARES, photos, groups.T, strict=True)
    ]
    by_class = [_group_means(data.where(data.labels == label), right[data.labels == label]) for label in range(labels)]
    recalls = np.array([rows.mean(axis=0) if len(rows) else np.full(len(SHARES), np.nan) for rows in by_class])
    return LearningCurve(points, _gain(groups), recalls, _weak(by_class))


def _group_means(data: Labelled, right: Matrix) -> Matrix:
    return np.stack([data.group_means(column) for column in right.T], axis=1)


def _gain(groups: Matrix) -> Gain:
    """The gain of twice as many photos; ``groups`` (groups, shares) are the shares labelled correctly.

    Each exponent gives a gain that is linear in the accuracies, so its standard error follows from the groups. A floor
    of the error below 0 is taken as 0. More photos of the same kind do no harm, so the gain is not below 0.
    """
    most = 1 - float(groups[:, -1].mean())
    gains: dict[float, tuple[float, float]] = {}
    for exponent in _EXPONENTS:
        powers = np.array(SHARES) ** -exponent
        centred = powers - powers.mean()
        # Error at a share = floor + slope * power, and the power at twice the photos is 2 ** -exponent.
        weights = -centred / (centred**2).sum() * (1 - 2**-exponent)
        gain, error = _mean_and_error(groups @ weights)
        gains[exponent] = min(gain, most * (1 - 2**-exponent)), error
    low = min(gain - _Z_95 * error for gain, error in gains.values())
    high = max(gain + _Z_95 * error for gain, error in gains.values())
    return Gain(*(min(max(value, 0.0), most) for value in (gains[_EXPONENT][0], low, high)))


def _weak(by_class: list[Matrix]) -> list[int]:
    """The classes whose recall is below that of the others and grows; ``by_class`` has (groups, shares) for each."""
    present = [label for label, rows in enumerate(by_class) if len(rows)]
    if len(present) < 2:
        return []
    bound = NormalDist().inv_cdf(1 - _CHANCE / len(present))  # one of this number of classes exceeds it by chance
    octaves = np.log2(SHARES) - np.log2(SHARES).mean()
    together = np.concatenate([by_class[label][:, -1] for label in present])
    spread = math.sqrt(max(together.mean() * (1 - together.mean()), 0.0))
    found = []
    for label in present:
        rows = by_class[label]
        own, others = rows[:, -1], len(together) - len(rows)
        below = float((together.sum() - own.sum()) / others - own.mean())
        error = spread * math.sqrt(1 / len(own) + 1 / others)
        slope, slope_error = _mean_and_error(rows @ (octaves / (octaves**2).sum()))
        if below > bound * error and slope > bound * slope_error:
            found.append((float(own.mean()), label))
    return [label for _, label in sorted(found)[:MOST_NAMED]]


def _mean_and_error(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The mean of ``values`` and its standard error."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return float(values.mean()), error
