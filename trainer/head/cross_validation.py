"""Evaluation on every photo: several heads, each fitted without one part of the photos and evaluated on that part."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import ordered_map
from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import fit_temperature, with_temperature
from trainer.head.fit import fit_head
from trainer.head.folds import Folds
from trainer.head.linear import Head, Matrix, softmax
from trainer.one_thread import one_thread


class CrossValidation(NamedTuple):
    """How many photos were labelled correctly by heads that had not seen them, in ``folds`` parts.

    A group of photos counts as one: ``independent`` is the number of groups among ``photos`` photos, and ``right`` the
    sum, over the groups, of the share labelled correctly. Classes with too few groups do not count. ``scores`` (photos,
    labels) are the probabilities that those heads gave, calibrated, in the order of the data, for all classes and the
    labels behind them.
    """

    right: float
    independent: int
    photos: int
    folds: int
    scores: Matrix

    @property
    def accuracy(self) -> float:
        """The share labelled correctly, 0 to 1."""
        return self.right / self.independent


Extend = Callable[[Head, Labelled, Labelled], Head]
"""Makes a calibrated head, with the photos that trained it and those that chose its penalty, one of more labels."""


def cross_validate(
    folds: Folds, advance: Callable[[int], None] = lambda count: None, extend: Extend | None = None
) -> CrossValidation:
    """Fit a head without each of the parts and count its correct labels in that part.

    The next part chooses the penalty and the temperature; the others train. ``advance`` is called with 1 for each part.
    ``extend`` adds labels behind those of the classes: a photo that gets one of them is labelled wrongly.
    """
    data = folds.data

    def evaluate(part: int) -> tuple[npt.NDArray[np.bool_], Matrix]:
        tested, choosing = folds.assigned == part, folds.assigned == (part + 1) % folds.number
        training, validation = data.where(~tested & ~choosing), data.where(choosing)
        weights = folds.class_weights(training.labels)
        head = fit_head(training, validation, folds.labels, folds.max_steps, weights).head
        with one_thread():  # the same scores on any number of cores
            temperature = fit_temperature(head.logits(validation.features), validation.labels, validation.weights)
            head = with_temperature(head, temperature)
        if extend is not None:
            head = extend(head, training, validation)
        with one_thread():
            return tested, softmax(head.logits(data.features[tested]))

    scores: Matrix | None = None
    for tested, part_scores in ordered_map(lambda: evaluate, range(folds.number), folds.together):
        if scores is None:
            scores = np.zeros((len(data.labels), part_scores.shape[1]))
        scores[tested] = part_scores
        advance(1)
    assert scores is not None
    evaluated = data.where(folds.shown)
    right = float(evaluated.group_means((scores.argmax(axis=1) == data.labels)[folds.shown].astype(np.float64)).sum())
    return CrossValidation(right, evaluated.independent, len(evaluated.labels), folds.number, scores)
