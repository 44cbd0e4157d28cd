"""Fitting the gate: prototypes of each class from the training photos, the threshold from the validation photos."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge.inference.gate import Gate, directions
from trainer.bottlenecks.labelled import Labelled
from trainer.head.kmeans import kmeans
from trainer.head.linear import Head, softmax
from trainer.head.standardisation import feature_deviation
from trainer.one_thread import one_thread

TRUE_ACCEPTANCE = 0.95
"""The share of validation photos that the gate lets through."""

LEAST_PHOTOS = 20
"""With fewer validation photos there is no gate: a twentieth of them is not a reliable share."""

PER_CLASS = 8
"""Prototypes of a class; more gain little, see docs/adr/0013-unknown.md."""

_AT_MOST = 64  # prototypes of all classes together, but at least one of each: tens of kilobytes
_ROUNDS = 20  # of k-means
# The least standard deviation that each part of the familiarity is divided by. If all validation photos have a score of
# 0.996, or are all alike, a tiny difference must not make the next photo unknown.
_CONFIDENCE_SPREAD, _NEARNESS_SPREAD = 1.0, 0.01
_DIGITS = 6


def fit_gate(
    training: Labelled, validation: Labelled, head: Head, quantization: str, per_class: int = PER_CLASS
) -> Gate | None:
    """The gate for a model with the calibrated ``head``, or None if there are too few validation photos.

    ``training`` and ``validation`` hold the bottlenecks as the device computes them; the scores of an int8 model
    are rounded to 8 bits as the device's are. ``per_class`` prototypes stand for a class, fewer if there are
    many classes.
    """
    if len(validation.labels) < LEAST_PHOTOS:
        return None
    with one_thread():  # one order of addition on any number of cores: the same photos give the same gate
        deviation = feature_deviation(training.features).astype(np.float32)
        prototypes = _prototypes(directions(training.features, deviation), training.labels, len(head.bias), per_class)
        scale = max(float(np.abs(prototypes).max()), 1e-9) / 127
        quantized = np.round(prototypes / scale).astype(np.int8)
        gate = Gate(deviation, quantized, scale, 1.0, 0.0, 0.0)
        scores = best_scores(head, validation.features, quantization)
        confidence = gate.familiarity(validation.features, scores)
        nearness = gate.nearness(validation.features)
        gate = gate._replace(
            confidence_weight=_weight(confidence, _CONFIDENCE_SPREAD),
            nearness_weight=_weight(nearness, _NEARNESS_SPREAD),
        )
        familiarity = gate.familiarity(validation.features, scores)
    threshold = float(np.quantile(familiarity, 1 - TRUE_ACCEPTANCE))
    return gate._replace(threshold=round(threshold, _DIGITS))


def best_scores(head: Head, features: npt.NDArray[np.float32], quantization: str) -> npt.NDArray[np.float64]:
    """The best score that a model of ``quantization`` with ``head`` gives each of ``features``: (photos,)."""
    best: npt.NDArray[np.float64] = softmax(head.logits(features)).max(axis=1)
    return np.minimum(np.round(best * 256), 255) / 256 if quantization == "int8" else best


def _weight(part: npt.NDArray[np.floating[Any]], least_spread: float) -> float:
    return round(1 / max(float(part.std(dtype=np.float64)), least_spread), _DIGITS)


def _prototypes(
    units: npt.NDArray[np.float32], labels: npt.NDArray[np.intp], classes: int, per_class: int
) -> npt.NDArray[np.float32]:
    """Unit vectors (prototypes, values): the centres of each class's ``units`` by k-means from a fixed seed."""
    count = max(1, min(per_class, _AT_MOST // classes))
    centres = []
    for label in range(classes):
        members = units[labels == label]
        if len({row.tobytes() for row in members}) <= count:
            centres.append(np.unique(members, axis=0))
        else:
            centres.append(kmeans(members, count, _ROUNDS))
    found = np.concatenate(centres)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)
