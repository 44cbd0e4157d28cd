"""The margin: by how much one picture is above the threshold of a gate, in a few microseconds.

:meth:`edge.inference.gate.Gate.familiarity` is written for many pictures. A device asks about one at a time, and beside
a small network each call of numpy counts. So all that does not depend on the picture is put into one matrix
beforehand, whose product with the bottleneck serves prototypes and distance at once. ``docs/adr/0013-unknown.md`` has
the times.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.inference.distance import NEAREST, Distance
from edge.inference.gate import LEAST_TOTAL, SHORTEST, SMALLEST_SCORE, Gate
from edge.modelfile.structure import TensorSpec

Margin = Callable[[npt.NDArray[Any], npt.NDArray[np.float32]], float]
"""By how much a picture is above the threshold: from its bottleneck (1, features), as the tensor holds it, and its
scores (labels,), 0 to 1. Below 0 it is like no class; minus infinity if a number is infinite or not a number."""

_ONE_THREAD = 9_000  # numbers of a matrix; for 9,216 OpenBLAS wakes its threads, which can take milliseconds
_ALIGNED = 8  # numbers of float32: each row of the matrix starts where a vector of the processor does
_USUAL = 1e36  # of a square: float32 ends at 3.4e38
_STEPS = 255  # of 8 bits


def margin_of_one(gate: Gate, tensor: TensorSpec, unknown: int | None) -> Margin:
    """What gives the margins of pictures whose bottleneck is ``tensor``, one at a time; one thread may use it.

    ``unknown`` is the place of the label for the rest of the world, if there is one: the gate asks about the classes
    among themselves. The margin is :meth:`Gate.familiarity` less :attr:`Gate.least` in single precision: some
    millionths more or less.
    """
    ready = _ready(gate)
    margin = _margin(gate, ready, tensor, unknown)
    # No product, and no sum of squares of products, is larger than that of all squares (Cauchy and Schwarz).
    strength = 1 + float(np.square(ready.matrix, dtype=np.float64).sum())
    harmless = _USUAL * float(gate.deviation.min()) ** 2 / strength if strength < _USUAL else 0.0
    if not tensor.scale:
        return _without_warnings(margin, harmless)
    largest = (_STEPS * tensor.scale) ** 2 * len(gate.deviation)
    return margin if largest < harmless else _without_warnings(margin, 0.0)


def _without_warnings(margin: Margin, harmless: float) -> Margin:
    """``margin`` where something may overflow: of real numbers, or of 8 bits if numbers of the file make no sense.

    Nothing overflows if the sum of the squares of a bottleneck is below ``harmless``.
    """

    def of_any(bottleneck: npt.NDArray[Any], scores: npt.NDArray[np.float32]) -> float:
        exact = bottleneck.reshape(-1).astype(np.float64)  # no square overflows; np.errstate would take longer
        if float(exact.dot(exact)) < harmless:
            return margin(bottleneck, scores)
        with np.errstate(all="ignore"):
            return margin(bottleneck, scores)

    return of_any


def _margin(gate: Gate, ready: _Ready, tensor: TensorSpec, unknown: int | None) -> Margin:
    """What does not depend on the picture is done once, here, and names are bound.

    Inside, a tenth of a microsecond counts; so there are comparisons where ``min`` and ``max`` would be called.
    """
    features = len(gate.deviation)
    zero_point = np.full(features, tensor.zero_point if tensor.scale else 0, np.float32)
    factor = ((tensor.scale or 1.0) / gate.deviation.astype(np.float64)).astype(np.float32)
    padded = np.zeros(ready.matrix.shape[1], np.float32)
    padded[features] = 1  # what the offsets of the matrix are multiplied by
    scaled = padded[:features]
    along = np.zeros(len(ready.matrix), np.float32)
    some = max(1, _ONE_THREAD // len(padded))  # rows at once
    starts = range(0, len(along), some)
    products = [(ready.matrix[start : start + some].copy().dot, along[start : start + some]) for start in starts]
    near, far = along[: ready.prototypes], along[ready.prototypes :]
    falling, rising = far[1 : 1 + ready.falling], far[1 + ready.falling :]
    rises, distance = len(rising) > 0, gate.distance
    rest, corner, weight = (distance.rest, distance.corner, distance.weight) if distance else (1.0, 0.0, 0.0)
    confidence_weight, nearness_weight, least = gate.confidence_weight, gate.nearness_weight, gate.least
    subtract, multiply, log, sqrt, infinity = np.subtract, np.multiply, math.log, math.sqrt, math.inf
    length_of, falls, number_near, nearest_place, number_far = scaled.dot, falling.dot, near.item, near.argmax, far.item
    low, high, shortest, nearest = SMALLEST_SCORE, 1 - SMALLEST_SCORE, SHORTEST**2, NEAREST

    def margin(bottleneck: npt.NDArray[Any], scores: npt.NDArray[np.float32]) -> float:
        scaled[...] = bottleneck
        subtract(scaled, zero_point, scaled)
        multiply(scaled, factor, scaled)
        for dot, out in products:
            dot(padded, out)
        best = best_score(scores, unknown)
        best = low if best < low else high if best > high else best
        length = float(length_of(scaled))  # squared
        nearness = number_near(nearest_place()) / sqrt(length if length > shortest else shortest)
        margin = confidence_weight * log(best / (1 - best)) + nearness_weight * nearness - least
        if distance is not None:
            squared = length / rest + number_far(0) - float(falls(falling))
            if rises:
                squared += float(rising.dot(rising))
            below = corner + log(squared if squared > nearest or squared != squared else nearest)
            if not below <= 0:  # what is not a number stays so
                margin -= weight * below
        return margin if -infinity < margin < infinity else -infinity

    return margin


def best_score(scores: npt.NDArray[np.float32], unknown: int | None) -> float:
    """The best of ``scores`` (labels,) of one picture.

    If ``unknown`` is the place of the label for the rest of the world, it is the best of
    :func:`edge.inference.gate.among_themselves`.
    """
    of_classes: list[float] = scores.tolist()  # of so few numbers Python's own functions are faster than numpy's
    if unknown is None:
        return max(of_classes)
    del of_classes[unknown]
    total = sum(of_classes)
    total = LEAST_TOTAL if total < LEAST_TOTAL else total  # what is not a number stays so
    best, most = max(of_classes) / total, 1 - SMALLEST_SCORE / total
    most = most if most > 0 else 0.0
    return most if best > most else best


class _Ready(NamedTuple):
    """The matrix for one picture: (prototypes + 1 + axes, width) float32, without the last two if there is no distance.

    Its columns are the features, in units of the gate's deviation, then one for an offset, then zeros. The row
    after the prototypes gives what the square of the distance is more than that of the length, as if there were no
    axes. The rows of axes, of which the first ``falling`` make the square smaller, give the roots of what they change.
    """

    matrix: npt.NDArray[np.float32]
    prototypes: int
    falling: int


def _ready(gate: Gate) -> _Ready:
    features = len(gate.deviation)
    rows = [(gate.prototypes * gate.prototype_scale, np.zeros(len(gate.prototypes)))]
    falling = 0
    if gate.distance is not None:
        centre = gate.distance.mean / gate.deviation.astype(np.float64)
        rest = gate.distance.rest
        rows.append((-2 * centre[np.newaxis] / rest, np.array([centre.dot(centre) / rest])))
        axes, falling = _axes(gate.distance)
        rows.append((axes, -axes @ centre))
    width = (features // _ALIGNED + 1) * _ALIGNED
    matrix = np.zeros((sum(len(of_features) for of_features, _ in rows), width), np.float32)
    with np.errstate(over="ignore"):  # numbers that make no sense: no picture is let through
        matrix[:, :features] = np.concatenate([of_features for of_features, _ in rows])
        matrix[:, features] = np.concatenate([offsets for _, offsets in rows])
    return _Ready(matrix, len(gate.prototypes), falling)


def _axes(distance: Distance) -> tuple[npt.NDArray[np.float64], int]:
    """The axes, each as long as the root of what the square along it counts more or less than in other directions.

    First those along which it counts less, as along all axes of more variance than the rest; then their number.
    """
    beside_rest = 1 / distance.variances.astype(np.float64) - 1 / distance.rest
    order = np.argsort(beside_rest > 0, kind="stable")
    lengths = np.sqrt(np.abs(beside_rest)) * distance.axes_scale
    return (distance.axes * lengths[:, np.newaxis])[order], int((beside_rest <= 0).sum())
