"""One more column beside a finished head: a class for the rest of the world.

The other columns stay as they are. So the classes keep their accuracy among themselves, their penalty and their
temperature; all that can happen to a photo is that the new class has a higher score than the best of them.

With the other columns fixed, the loss of a softmax is that of a logistic regression: is the logit of the new class
above the logarithm of the sum of the exponentials of the others?
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.curvature import Curvature
from trainer.head.lbfgs import Floats, Point, lbfgs
from trainer.head.linear import Head, Matrix
from trainer.head.standardisation import Features, Standardisation

PENALTY = 1e-2
"""The L2 penalty on the weights of the column, on standardised features: docs/adr/0021 says what was tried."""

MOST_KNOWN_UNKNOWN = 0.02
"""The largest share of photos of the classes, which did not teach it, that the new class may take."""

MOST_KNOWN = 4_000
"""Of more known photos, this number teaches, spread evenly: more change nothing but the time."""

_LEAST_SHARE = 0.5
"""The photos of a class weigh together at least half of what they would if all classes weighed the same.

Drawings and directions weigh as much as all known photos: without this they reject a class of a few walls or pages.
"""

_LEAST_PHOTOS = 20  # of each class teach, if there are as many

_NORMAL, _FIRST_OF_FEW = NormalDist(), 0.99  # half of what is aimed at with many photos: few may be unlike others
_TOLERANCE = 1e-5
_MOST_STEPS = 100
_EVEN = 0.25  # the variance of a coin: how the loss curves where nothing is known yet


class Strange(NamedTuple):
    """``features`` (pictures, values) of the rest of the world; all together have the ``weight`` of this many times
    all known photos.
    """

    features: Features
    weight: float


class Column(NamedTuple):
    """The logit of the new class: ``weights`` (values,) times a raw bottleneck, plus ``bias``; float64.

    ``lowered`` is by how much the bias was lowered after the fit, to spare photos of the classes.
    """

    weights: npt.NDArray[np.float64]
    bias: float
    lowered: float = 0.0

    def logits(self, features: Features) -> npt.NDArray[np.float64]:
        """The logit of the new class for ``features`` (photos, values): (photos,)."""
        logits: npt.NDArray[np.float64] = features.astype(np.float64, copy=False) @ self.weights + self.bias
        return logits

    def lower(self, by: float) -> Column:
        """The same with a bias that is lower ``by`` as much."""
        return self._replace(bias=self.bias - by, lowered=self.lowered + by)


def with_column(head: Head, column: Column) -> Head:
    """``head`` with ``column`` after its last label."""
    return Head(
        np.concatenate([head.weights, column.weights[:, np.newaxis]], axis=1), np.append(head.bias, column.bias)
    )


def fit_column(head: Head, data: Labelled, strange: Sequence[Strange]) -> Column:
    """The column beside the calibrated ``head`` that tells ``strange`` pictures from the known photos ``data``.

    A class of few photos, beside large ones, weighs more than they are: see :data:`_LEAST_SHARE`.

    Call it inside :func:`~trainer.one_thread.one_thread`.
    """
    data = _some(data)
    known = data.features
    unit = Standardisation.of(known)
    raw = np.concatenate([known, *(part.features for part in strange)]).astype(np.float64, copy=False)
    standard = unit.apply(raw)
    others = log_sum(head.logits(raw))
    is_strange = np.arange(len(raw)) >= len(known)
    of_strange = [_shares(len(part.features), part.weight) for part in strange]
    shares = np.concatenate([_known_shares(data.labels), *of_strange])
    shares /= shares.sum()
    signs = np.where(is_strange, -1.0, 1.0)
    curvature = Curvature.of(standard)
    doubt = _EVEN

    def evaluate(parameters: Floats) -> Point:
        nonlocal doubt
        weights, bias = parameters[:-1, 0], parameters[-1, 0]
        margins = standard @ weights + bias - others
        losses = np.logaddexp(0.0, signs * margins)
        chances = np.exp(-np.logaddexp(0.0, -margins))
        doubt = float(shares @ (chances * (1 - chances)))
        slopes = shares * (chances - is_strange)
        gradient = np.append(standard.T @ slopes + PENALTY * weights, slopes.sum())[:, np.newaxis]
        return Point(parameters, float(shares @ losses) + PENALTY / 2 * float(weights @ weights), gradient)

    def solve(gradient: Floats) -> Floats:
        return curvature.solve(gradient, math.sqrt(_EVEN * max(doubt, 1e-9)), PENALTY)

    start = np.zeros((raw.shape[1] + 1, 1))
    start[-1] = others[: len(known)].mean()
    found = lbfgs(evaluate, start, solve, _MOST_STEPS, _TOLERANCE).at
    weights, bias = unit.folded(found[:-1], found[-1])
    return Column(weights[:, 0], float(bias[0]))


def leads(head: Head, column: Column, features: Features) -> npt.NDArray[np.float64]:
    """How far the logit of ``column`` is above the best of ``head``, for ``features`` (photos, values): (photos,)."""
    lead: npt.NDArray[np.float64] = column.logits(features) - head.logits(features).max(axis=1)
    return lead


def spare_known(column: Column, lead: npt.NDArray[np.float64]) -> Column:
    """``column`` with so low a bias that it takes at most one in fifty of photos of the classes.

    ``lead`` (photos,) are their :func:`leads`. Of fewer than fifty photos it takes none, and the bias is still lower,
    by as much as the first of a hundred is usually before the first of so few, if leads are normal.
    """
    if not len(lead):
        return column
    most = math.floor(MOST_KNOWN_UNKNOWN * len(lead))
    highest = float(np.sort(lead)[::-1][most])  # of those that it must not take
    first = len(lead) / (len(lead) + 1)  # of other photos are below the first of these
    if first < 1 - MOST_KNOWN_UNKNOWN:
        highest += float(lead.std()) * (_NORMAL.inv_cdf(_FIRST_OF_FEW) - _NORMAL.inv_cdf(first))
    return column.lower(max(highest + _CLEAR, 0.0))


_CLEAR = 1e-6  # logits: a photo on the border is not taken


def log_sum(logits: Matrix) -> npt.NDArray[np.float64]:
    """The logarithm of the sum of the exponentials of each row of ``logits`` (photos, labels): (photos,)."""
    highest = logits.max(axis=1)
    total: npt.NDArray[np.float64] = highest + np.log(np.exp(logits - highest[:, np.newaxis]).sum(axis=1))
    return total


def _some(data: Labelled) -> Labelled:
    """At most :data:`MOST_KNOWN` photos of ``data``, spread evenly, and a few more of classes that have few there."""
    count = len(data.labels)
    if count <= MOST_KNOWN:
        return data
    chosen = np.zeros(count, bool)
    chosen[np.arange(MOST_KNOWN) * count // MOST_KNOWN] = True
    for label in np.flatnonzero(np.bincount(data.labels[chosen], minlength=int(data.labels.max()) + 1) < _LEAST_PHOTOS):
        chosen[np.flatnonzero(data.labels == label)[:_LEAST_PHOTOS]] = True
    return data.where(chosen)


def _known_shares(labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """The weight of each known photo, of the class ``labels`` (photos,); all together 1: (photos,)."""
    counts = np.bincount(labels)
    least = _LEAST_SHARE * len(labels) / np.count_nonzero(counts)
    weights = np.maximum(1.0, least / np.maximum(counts, 1))[labels]
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def _shares(count: int, weight: float) -> npt.NDArray[np.float64]:
    """The weight of each of ``count`` pictures that have ``weight`` together: (count,)."""
    return np.full(count, weight / max(count, 1))
