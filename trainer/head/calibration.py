"""Calibrated probabilities: one temperature, fitted on the validation set and folded into the head before the splice.

Temperature scaling is that of Guo et al., *On Calibration of Modern Neural Networks* (2017): logits are divided
by one number, which changes the scores and never the label with the best score.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.linear import Head, Matrix, cross_entropies, softmax
from trainer.one_thread import one_thread

BINS = 15
"""Bins of equal width in the calibration error: the number used by Guo et al."""

_PRIOR_DEVIATION = 0.5  # of ln(temperature): a few photos with right labels must not make the scores extreme
_LARGEST_LOG = math.log(20.0)
_EXACT, _MOST_STEPS = 1e-9, 60  # of the logarithm


class Bin(NamedTuple):
    """Photos whose best score lies in one part of 0..1: number, mean score, and the share labelled correctly."""

    photos: int
    confidence: float
    accuracy: float


def fit_temperature(
    logits: Matrix, labels: npt.NDArray[np.intp], weights: npt.NDArray[np.float64] | None = None
) -> float:
    """The temperature with which ``logits`` (photos, labels) have the least cross entropy for ``labels`` (photos,).

    ``weights`` (photos,) says how much each photo counts; None: 1 each. The temperature's logarithm carries a normal
    prior around 0, so that few photos move it little. The sum of the photos' cross entropy is convex in
    1 / temperature.
    """
    counts = np.ones(len(labels)) if weights is None else weights
    own = logits[np.arange(len(labels)), labels]

    def slopes(logarithm: float) -> tuple[float, float]:
        """The first and the second derivative, by the logarithm, of what is minimised."""
        scaled = logits / math.exp(logarithm)
        scores = softmax(scaled)
        means = np.einsum("pl,pl->p", scores, scaled)
        variances = np.einsum("pl,pl,pl->p", scores, scaled, scaled) - means**2
        first = float(counts @ (own / math.exp(logarithm) - means))
        second = float(counts @ variances) - first
        return first + logarithm / _PRIOR_DEVIATION**2, second + 1 / _PRIOR_DEVIATION**2

    return math.exp(_root(slopes, -_LARGEST_LOG, _LARGEST_LOG))


def _root(slopes: Callable[[float], tuple[float, float]], low: float, high: float) -> float:
    """Where the first of ``slopes`` is 0 between ``low`` and ``high``, or the border that is nearest to it.

    It is negative below and positive above, and the second of ``slopes`` is its derivative: Newton's method, with
    halves of the interval where that would leave it.
    """
    place = 0.0
    for _ in range(_MOST_STEPS):
        first, second = slopes(place)
        low, high = (place, high) if first < 0 else (low, place)
        following = place - first / second if second > 0 else math.inf
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - place) < _EXACT:
            return following
        place = following
    return place


def calibrated_cross_entropies(
    logits: Matrix, labels: npt.NDArray[np.intp], weights: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.float64]:
    """The negative log-probability of each of ``labels``, in nats: (photos,), at the best temperature of ``logits``.

    ``weights`` (photos,) says how much each photo counts for the temperature; None: 1 each.
    """
    return cross_entropies(logits / fit_temperature(logits, labels, weights), labels)


def with_temperature(head: Head, temperature: float) -> Head:
    """``head`` with all logits divided by ``temperature``: this costs no time on the device and changes no label."""
    return Head(head.weights / temperature, head.bias / temperature)


def reliability(scores: Matrix, labels: npt.NDArray[np.intp]) -> list[Bin]:
    """The :data:`BINS` bins of a reliability diagram for ``scores`` (photos, labels); an empty one has no photos."""
    return reliability_of(scores.max(axis=1), scores.argmax(axis=1) == labels)


def reliability_of(best: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_]) -> list[Bin]:
    """The same from the ``best`` score of each photo and whether its label is ``right``: both (photos,)."""
    positions = np.minimum((best * BINS).astype(np.intp), BINS - 1)
    bins = []
    for position in range(BINS):
        inside = positions == position
        count = int(inside.sum())
        bins.append(Bin(count, float(best[inside].mean()), float(right[inside].mean())) if count else Bin(0, 0.0, 0.0))
    return bins


def calibration_error(bins: list[Bin]) -> float:
    """The expected calibration error: the mean distance of confidence and accuracy, weighted by the bins' photos."""
    photos = max(sum(part.photos for part in bins), 1)
    return sum(part.photos * abs(part.confidence - part.accuracy) for part in bins) / photos


def score_threshold(
    scores: Matrix,
    labels: npt.NDArray[np.intp],
    precision: float,
    least: int = 20,
    weights: npt.NDArray[np.float64] | None = None,
) -> float | None:
    """The lowest best score from which on at least the share ``precision`` of the answers is right.

    ``scores`` (photos, labels) are those of the validation photos. None if fewer than ``least`` photos
    would be answered: fewer give no reliable threshold. ``weights`` (photos,) says how much each photo counts;
    None: 1 each.
    """
    best = scores.max(axis=1)
    order = np.argsort(-best, kind="stable")
    counts = np.ones(len(order)) if weights is None else weights[order]
    right = np.cumsum(np.where(scores.argmax(axis=1)[order] == labels[order], counts, 0))
    answered = np.cumsum(counts)
    ends = np.append(np.diff(best[order]) != 0, True)  # equal scores are answered together
    good = ends & (answered >= least) & (right >= precision * answered)
    return float(best[order][np.nonzero(good)[0][-1]]) if good.any() else None


class Calibration(NamedTuple):
    """A calibrated head, its temperature, and the recommended threshold of the score.

    ``score_threshold`` was chosen on the validation photos so that the share ``precision`` of the answers above
    it is right; None if there are too few photos to choose it.
    """

    head: Head
    temperature: float
    score_threshold: float | None
    precision: float


def calibrate(head: Head, validation: Labelled, precision: float) -> Calibration:
    """Fit the temperature of ``head`` and its recommended threshold on the ``validation`` photos.

    A group of photos counts as one photo.
    """
    with one_thread():  # one order of addition on any number of cores: the same photos give the same temperature
        weights = validation.weights
        temperature = fit_temperature(head.logits(validation.features), validation.labels, weights)
        calibrated = with_temperature(head, temperature)
        scores = softmax(calibrated.logits(validation.features))
        threshold = score_threshold(scores, validation.labels, precision, weights=weights)
    return Calibration(calibrated, temperature, threshold, precision)
