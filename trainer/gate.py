"""Fitting the gate: prototypes of each class from the training photos, the threshold from the validation photos."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from edge.gate import Gate, cosines, directions
from trainer.head import Head, Labelled, feature_deviation, softmax

TRUE_ACCEPTANCE = 0.95
"""The share of validation photos that the gate lets through."""

LEAST_PHOTOS = 20
"""With fewer validation photos there is no gate: nobody knows the twentieth part of a handful."""

_PER_CLASS = 8  # prototypes; more gain little, see docs/adr/0013-unknown.md
_AT_MOST = 64  # prototypes of all classes together, while one for each is left: tens of kilobytes
_ROUNDS = 20  # of k-means
_LEAST_SPREAD = 1e-3  # of a part of the familiarity: photos that are all alike must not blow it up
_DIGITS = 6


def fit_gate(training: Labelled, validation: Labelled, head: Head, quantization: str) -> Gate | None:
    """The gate for a model with the calibrated ``head``, or None where there are too few validation photos.

    ``training`` and ``validation`` hold the bottlenecks as the device computes them; the scores of an int8 model
    are rounded to 8 bits as the device's are.
    """
    if len(validation.labels) < LEAST_PHOTOS:
        return None
    with threadpool_limits(1):  # one order of adding up on any number of cores: the same photos, the same gate
        deviation = feature_deviation(training.features).astype(np.float32)
        prototypes = _prototypes(directions(training.features, deviation), training.labels, len(head.bias))
        scale = float(np.abs(prototypes).max()) / 127
        quantized = np.round(prototypes / scale).astype(np.int8)
        gate = Gate(deviation, quantized, scale, 1.0, 0.0, 0.0)
        scores = best_scores(head, validation.features, quantization)
        confidence = gate.familiarity(validation.features, scores)
        nearness = cosines(validation.features, deviation, quantized * np.float32(scale)).max(axis=1)
        gate = gate._replace(confidence_weight=_weight(confidence), nearness_weight=_weight(nearness))
        familiarity = gate.familiarity(validation.features, scores)
    threshold = float(np.quantile(familiarity, 1 - TRUE_ACCEPTANCE))
    return gate._replace(threshold=round(threshold, _DIGITS))


def best_scores(head: Head, features: npt.NDArray[np.float32], quantization: str) -> npt.NDArray[np.float64]:
    """The best score that a model of ``quantization`` with ``head`` gives each of ``features``: (photos,)."""
    best: npt.NDArray[np.float64] = softmax(head.logits(features)).max(axis=1)
    return np.minimum(np.round(best * 256), 255) / 256 if quantization == "int8" else best


def _weight(part: npt.NDArray[np.floating[Any]]) -> float:
    return round(1 / max(float(part.std(dtype=np.float64)), _LEAST_SPREAD), _DIGITS)


def _prototypes(units: npt.NDArray[np.float32], labels: npt.NDArray[np.intp], classes: int) -> npt.NDArray[np.float32]:
    """Unit vectors (prototypes, features): the centres of each class's ``units`` by k-means from a fixed seed."""
    from scipy.cluster.vq import kmeans2

    count = max(1, min(_PER_CLASS, _AT_MOST // classes))
    centres = []
    for label in range(classes):
        members = units[labels == label]
        if len(members) > count:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of an empty cluster: its centre stays where it was
                members, _ = kmeans2(members, count, _ROUNDS, minit="++", seed=np.random.RandomState(0))
        centres.append(members)
    found = np.concatenate(centres)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)
