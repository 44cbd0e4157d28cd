"""The head's linear layer, and how well its logits fit the labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


class Head(NamedTuple):
    """A linear layer for raw bottlenecks: ``weights`` (values, labels) and ``bias`` (labels,), float64."""

    weights: Matrix
    bias: npt.NDArray[np.float64]

    def logits(self, features: npt.NDArray[np.floating[Any]]) -> Matrix:
        """The logits of ``features`` (photos, values): (photos, labels), float64."""
        return features.astype(np.float64, copy=False) @ self.weights + self.bias


def softmax(logits: Matrix) -> Matrix:
    """Probabilities of each row of ``logits`` (photos, labels)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Matrix = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def accuracy(logits: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.intp]) -> float:
    """The fraction of rows whose largest logit is at ``labels``."""
    return float((logits.argmax(axis=1) == labels).mean())


def cross_entropy(
    logits: Matrix, labels: npt.NDArray[np.intp], weights: npt.NDArray[np.float64] | None = None
) -> float:
    """The mean negative log-probability of ``labels``, in nats; ``weights`` (photos,) are the photos' shares in it."""
    return float(np.average(cross_entropies(logits, labels), weights=weights))


def cross_entropies(logits: Matrix, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """The negative log-probability of each of ``labels``, in nats: (photos,)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    losses: npt.NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    return losses
