"""The loss that a head is fitted with, for photos that do not fit into memory: read and added up a block at a time.

The blocks depend on the numbers of photos and labels alone, and are added up in their order. So the same photos give
the same bits on any number of cores. Each block is computed in float32, which is twice as fast, the sums in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from edge.parallel import available_cores, ordered_map
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.stored import BLOCK, Stored
from trainer.head.standardisation import Standardisation
from trainer.head.training_loss import PART_SCORES, Matrix, TrainingLoss, Vector, loss_of_part


class BlockedLoss:
    """The cross entropy of ``training`` photos and those ``beside`` them, standardised by ``unit``.

    ``shares`` (photos,) are their weights. Call it inside :func:`~trainer.one_thread.one_thread`.
    """

    def __init__(
        self,
        training: Stored,
        beside: Labelled | None,
        unit: Standardisation,
        shares: Vector,
        labels: int,
        advance: Callable[[int], None] = lambda count: None,
    ) -> None:
        """``advance`` is called with the number of photos of each block that is done."""
        self._shares, self._advance = shares.astype(np.float32), advance
        self._mean, self._deviation = unit.mean.astype(np.float32), unit.deviation.astype(np.float32)
        self._photos = len(shares)
        size = max(1, min(BLOCK, PART_SCORES // labels))
        # Where each block begins in ``shares``, and how it is read.
        self._parts: list[tuple[int, Callable[[], Labelled]]] = []
        for start in range(0, len(training.labels), size):
            rows = np.arange(start, min(start + size, len(training.labels)))
            self._parts.append((start, training.where(rows).read))
        for start in range(0, 0 if beside is None else len(beside.labels), size):
            assert beside is not None
            rows = np.arange(start, min(start + size, len(beside.labels)))
            self._parts.append((len(training.labels) + start, partial(beside.where, rows)))

    def __call__(self, weights: Matrix, bias: Vector) -> TrainingLoss:
        """The loss of the head with these ``weights`` (values, labels) and ``bias`` (labels,), and its gradient."""
        losses, right = np.empty(self._photos), np.empty(self._photos, bool)
        weights_gradient, bias_gradient, doubt = np.zeros(weights.shape), np.zeros(bias.shape), 0.0
        narrow = weights.astype(np.float32), bias.astype(np.float32)

        def compute(part: tuple[int, Callable[[], Labelled]]) -> TrainingLoss:
            start, read = part
            photos = read()
            features = photos.features.astype(np.float32) - self._mean
            features /= self._deviation
            return loss_of_part(features, photos.labels, self._shares[start : start + len(features)], *narrow)

        results = ordered_map(lambda: compute, self._parts, available_cores())
        for (start, _), done in zip(self._parts, results, strict=True):
            own = slice(start, start + len(done.losses))
            losses[own], right[own] = done.losses, done.right
            weights_gradient += done.weights_gradient
            bias_gradient += done.bias_gradient
            doubt += done.doubt
            self._advance(len(done.losses))
        return TrainingLoss(losses, right, weights_gradient, bias_gradient, doubt)
