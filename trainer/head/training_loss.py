"""The loss that a head is fitted with, and its gradient: for many photos and classes part by part, on all cores.

The parts depend on the numbers of photos and labels alone and are added up in their order. So the same photos give the
same bits on any number of cores.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map

PART_SCORES = 2_000_000
"""The largest number of scores, photos times labels, in one part: 16 MB for each matrix of them."""

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]


class TrainingLoss(NamedTuple):
    """``losses`` (photos,) in nats, ``right`` (photos,) bool: is the largest logit that of the photo's label?

    ``weights_gradient`` (values, labels) and ``bias_gradient`` (labels,) are those of the sum of the losses, each times
    the share of its photo. ``doubt`` is the sum of the shares, each times the probability that two labels differ that
    are drawn with the probabilities of the photo: 0 if all are sure.
    """

    losses: Vector
    right: npt.NDArray[np.bool_]
    weights_gradient: Matrix
    bias_gradient: Vector
    doubt: float


def training_loss(
    features: Matrix, labels: npt.NDArray[np.intp], shares: Vector, weights: Matrix, bias: Vector
) -> TrainingLoss:
    """The cross entropy of each of ``labels`` (photos,), and the gradient of their sum with ``shares`` (photos,).

    ``features`` (photos, values) are standardised bottlenecks, ``weights`` (values, labels) and ``bias`` (labels,) the
    head. Call it inside :func:`~trainer.one_thread.one_thread`.
    """

    def part(rows: slice) -> TrainingLoss:
        return loss_of_part(features[rows], labels[rows], shares[rows], weights, bias)

    size = max(1, PART_SCORES // len(bias))
    if len(labels) <= size:
        return part(slice(None))
    slices = [slice(start, start + size) for start in range(0, len(labels), size)]
    parts = list(ordered_map(lambda: part, slices, min(available_cores(), len(slices))))
    return TrainingLoss(
        np.concatenate([done.losses for done in parts]),
        np.concatenate([done.right for done in parts]),
        sum((done.weights_gradient for done in parts[1:]), parts[0].weights_gradient),
        sum((done.bias_gradient for done in parts[1:]), parts[0].bias_gradient),
        sum(done.doubt for done in parts),
    )


def loss_of_part(
    features: Floats, labels: npt.NDArray[np.intp], shares: Floats, weights: Floats, bias: Floats
) -> TrainingLoss:
    """:func:`training_loss` of so few photos that their scores fit into memory at once.

    If the arguments are float32, so is the arithmetic.
    """
    own = labels, np.arange(len(labels))
    # One row for each label, not for each photo: NumPy is slow along short rows.
    scores = weights.T @ features.T
    # In place from here on: each further matrix of this size costs time and memory.
    scores += bias[:, np.newaxis]
    right = scores.argmax(axis=0) == labels
    scores -= scores.max(axis=0)
    shifted = scores[own]
    np.exp(scores, out=scores)
    sums = scores.sum(axis=0)
    losses = np.log(sums) - shifted
    scores /= sums
    doubt = float(shares @ (1 - np.einsum("lp,lp->p", scores, scores)))
    scores[own] -= 1
    scores *= shares
    return TrainingLoss(losses, right, (scores @ features).T, scores.sum(axis=1), doubt)
