"""Fitting the gate: what it is made of from the training photos, its units and its threshold by cross-validation."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.inference.distance import Distance
from edge.inference.gate import Gate, directions, log_odds
from edge.parallel import ordered_map
from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import Calibration
from trainer.head.class_prototypes import DRAWS, PER_CLASS, class_prototypes
from trainer.head.folds import Folds
from trainer.head.head_of_others import head_without
from trainer.head.linear import Head, softmax
from trainer.head.principal_axes import PrincipalAxes, principal_axes
from trainer.head.standardisation import feature_deviation
from trainer.one_thread import one_thread

TRUE_ACCEPTANCE = 0.95
"""The share of photos of the classes, none of which it was fitted on, that the gate lets through."""

LEAST_PHOTOS = 60
"""With fewer photos there is no gate: a twentieth of them is not a reliable share."""

# The least standard deviation that each part of the familiarity is divided by. If all photos have a score of 0.996, or
# are all alike, a tiny difference must not make the next photo unknown.
_CONFIDENCE_SPREAD, _NEARNESS_SPREAD, _CLOSENESS_SPREAD = 1.0, 0.01, 0.05
_CORNER, _SLOPE = 1.25, 4.0  # deviations below the median closeness; and what is lost for each: docs/adr/0013
_DIGITS = 6


class _Shape(NamedTuple):
    """A gate without units and thresholds, and the axes of its distance before they were rounded."""

    gate: Gate
    distance: Distance
    axes: PrincipalAxes
    draw: int

    def parts(self, features: npt.NDArray[np.floating[Any]], best: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Log odds, nearness and closeness of bottlenecks (photos, features) with ``best`` scores: (photos, 3)."""
        raw = features.astype(np.float32, copy=False)
        nearness, closeness = self.gate.nearness(raw), self.distance.closeness(raw, self.gate.deviation)
        return np.column_stack([log_odds(best), nearness, closeness])


class GateShapes(NamedTuple):
    """What a gate is made of: its own shape, and for each part of the folds the shape of all other parts."""

    own: _Shape
    others: list[_Shape]


def gate_shapes(
    training: Labelled,
    folds: Folds,
    *,
    noise: npt.NDArray[np.float32] | None = None,
    per_class: int = PER_CLASS,
) -> GateShapes | None:
    """What the gate is made of, or None if there are too few photos for one. The head may be fitted meanwhile.

    ``training`` holds the bottlenecks of the training photos as the device computes them, ``folds`` those of training
    and validation photos. ``noise`` are bottlenecks of drawn noise (pictures, features): of several draws of
    prototypes, those farthest from it are kept. ``per_class`` prototypes stand for a class, fewer if there are many
    classes.
    """
    judged = folds.assigned >= 0
    if not judged.any() or folds.data.where(judged).independent < LEAST_PHOTOS:
        return None
    with one_thread():  # one order of addition on any number of cores: the same photos give the same gate
        own = _shape(training, folds.labels, per_class, noise)
        others = [
            _shape(folds.data.where(folds.assigned != part), folds.labels, per_class, None, own)
            for part in range(folds.number)
        ]
    return GateShapes(own, others)


def fit_gate(shapes: GateShapes, calibration: Calibration, l2: float, folds: Folds, quantization: str) -> Gate:
    """The gate of ``shapes`` for a model with the head of ``calibration`` and penalty ``l2``.

    Each part of ``folds`` is judged by a head, prototypes and axes that were fitted on the others; photos in no part
    (-1) only teach. The scores of an int8 model are rounded to 8 bits as the device's are.
    """

    def judge(part: int) -> npt.NDArray[np.float64]:
        tested = folds.assigned == part
        head = head_without(folds.data.where(~tested), folds, calibration, l2)
        features = folds.data.features[tested]
        return shapes.others[part].parts(features, best_scores(head, features, quantization))

    parts = np.zeros((len(folds.assigned), 3))
    with one_thread():
        found = ordered_map(lambda: judge, range(folds.number), folds.together)
        for part, of_part in enumerate(found):
            parts[folds.assigned == part] = of_part
    return _with_units(shapes.own, parts[folds.assigned >= 0])


def fit_gate_beside(
    training: Labelled,
    calibration: Calibration,
    unseen: Labelled,
    labels: int,
    quantization: str,
    noise: npt.NDArray[np.float32] | None = None,
) -> Gate | None:
    """The gate of :func:`fit_gate` if there are many photos: units and thresholds come from ``unseen`` ones alone.

    These taught neither the head of ``calibration`` nor the prototypes and axes, which ``training`` photos give. So no
    head needs to be fitted without them. ``labels`` is the number of classes.
    """
    if unseen.independent < LEAST_PHOTOS:
        return None
    with one_thread():
        shape = _shape(training, labels, PER_CLASS, noise)
        parts = shape.parts(unseen.features, best_scores(calibration.head, unseen.features, quantization))
    return _with_units(shape, parts)


def best_scores(head: Head, features: npt.NDArray[np.floating[Any]], quantization: str) -> npt.NDArray[np.float64]:
    """The best score that a model of ``quantization`` with ``head`` gives each of ``features``: (photos,)."""
    best: npt.NDArray[np.float64] = softmax(head.logits(features)).max(axis=1)
    return np.minimum(np.round(best * 256), 255) / 256 if quantization == "int8" else best


def _with_units(shape: _Shape, parts: npt.NDArray[np.float64]) -> Gate:
    """The gate of ``shape`` whose units and thresholds are those of ``parts`` (photos, 3) of photos."""
    odds, nearness, closeness = parts.T
    gate = shape.gate._replace(
        confidence_weight=round(1 / _spread(odds, _CONFIDENCE_SPREAD), _DIGITS),
        nearness_weight=round(1 / _spread(nearness, _NEARNESS_SPREAD), _DIGITS),
    )
    spread = _spread(closeness, _CLOSENESS_SPREAD)
    corner = round(float(np.median(closeness)) - _CORNER * spread, _DIGITS)
    weight = round(_SLOPE / spread, _DIGITS)
    alone = gate.confidence_weight * odds + gate.nearness_weight * nearness
    distance = shape.distance._replace(
        corner=corner, weight=weight, threshold=_threshold(alone - weight * np.maximum(corner - closeness, 0))
    )
    return gate._replace(threshold=_threshold(alone), distance=distance)


def _threshold(familiarity: npt.NDArray[np.float64]) -> float:
    return round(float(np.quantile(familiarity, 1 - TRUE_ACCEPTANCE)), _DIGITS)


def _spread(values: npt.NDArray[np.float64], least: float) -> float:
    return max(float(values.std()), least)


def _shape(
    training: Labelled,
    labels: int,
    per_class: int,
    noise: npt.NDArray[np.float32] | None,
    near: _Shape | None = None,
) -> _Shape:
    """What a gate is made of, from ``training`` photos; ``near`` is that of nearly the same photos, fitted before."""
    features = training.features.astype(np.float32, copy=False)
    deviation = feature_deviation(features).astype(np.float32)
    found, draw = class_prototypes(
        directions(features, deviation),
        training.labels,
        labels,
        per_class,
        range(DRAWS) if near is None else [near.draw],
        None if noise is None else directions(noise, deviation),
    )
    prototypes, prototype_scale = _rounded(found)
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    offsets = features - mean
    offsets /= deviation
    axes = principal_axes(offsets, near and near.axes)
    rounded, axes_scale = _rounded(axes.axes)
    variances = axes.variances.astype(np.float32)
    distance = Distance(mean, rounded, axes_scale, variances, round(axes.rest, 2 * _DIGITS), 0.0, 0.0, 0.0)
    return _Shape(Gate(deviation, prototypes, prototype_scale, 1.0, 0.0, 0.0), distance, axes, draw)


def _rounded(vectors: npt.NDArray[np.floating[Any]]) -> tuple[npt.NDArray[np.int8], float]:
    """``vectors`` as int8, and what to multiply these with."""
    scale = max(float(np.abs(vectors).max()), 1e-9) / 127
    return np.round(vectors / scale).astype(np.int8), scale
