"""What can be counted from what a model said of photos whose class is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.interval import Interval, wilson_interval
from trainer.head.fit import Matrix

_STEPS = 100  # thresholds of a curve between 0 and 1


class ClassMeasure(NamedTuple):
    """One class: its ``photos``, how many photos got its name (``answered``), and how many of both (``right``)."""

    label: str
    photos: int
    answered: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of answers with this name that are right; None where there is no such answer."""
        return self.right / self.answered if self.answered else None

    @property
    def recall(self) -> float | None:
        """The share of this class's photos that got its name; None where there is no such photo."""
        return self.right / self.photos if self.photos else None

    @property
    def precision_interval(self) -> Interval:
        """The 95 % interval of the precision."""
        return wilson_interval(self.right, self.answered)

    @property
    def recall_interval(self) -> Interval:
        """The 95 % interval of the recall."""
        return wilson_interval(self.right, self.photos)


class ConfusedPair(NamedTuple):
    """How many ``photos`` of class ``label`` were called ``answer``."""

    label: str
    answer: str
    photos: int


class OperatingPoint(NamedTuple):
    """What happens where scores below ``threshold`` count as unknown.

    ``coverage`` is the share of photos that are still answered, ``precision`` the share of these answers that
    is right, None where nothing is answered.
    """

    threshold: float
    coverage: float
    precision: float | None


def class_measures(confusion: npt.NDArray[np.intp], labels: Sequence[str]) -> list[ClassMeasure]:
    """The measures of every class that has a photo or an answer in ``confusion`` (labels, labels)."""
    photos, answered, right = confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion)
    return [
        ClassMeasure(label, int(photos[i]), int(answered[i]), int(right[i]))
        for i, label in enumerate(labels)
        if photos[i] or answered[i]
    ]


def confused_pairs(confusion: npt.NDArray[np.intp], labels: Sequence[str]) -> list[ConfusedPair]:
    """Which classes are taken for which, the most frequent first, then in the order of the labels."""
    rows, columns = np.nonzero(confusion)
    found = [
        ConfusedPair(labels[row], labels[column], int(confusion[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if row != column
    ]
    return sorted(found, key=lambda pair: -pair.photos)


def read_scores(evaluation: Evaluation) -> tuple[Matrix, npt.NDArray[np.intp]]:
    """The scores (photos, labels) and the true labels (photos,) of the photos that could be judged."""
    index = {label: i for i, label in enumerate(evaluation.labels)}
    scores = np.zeros((evaluation.count, len(index)))
    truths = np.zeros(evaluation.count, np.intp)
    row = 0
    for photo, outcome in zip(evaluation.photos, evaluation.outcomes, strict=True):
        if outcome.classification is not None:
            for category in outcome.classification.categories:
                scores[row, category.index] = category.score
            truths[row] = index[photo.label]
            row += 1
    return scores, truths


def are_probabilities(scores: Matrix) -> bool:
    """Whether ``scores`` can be taken for probabilities; a foreign model may answer with logits."""
    return bool(np.isfinite(scores).all() and scores.min() >= 0 and scores.max() <= 1)


def operating_point(scores: Matrix, truths: npt.NDArray[np.intp], threshold: float) -> OperatingPoint:
    """Coverage and precision of ``scores`` (photos, labels) at ``threshold``."""
    answered = scores.max(axis=1) >= threshold
    right = scores.argmax(axis=1) == truths
    precision = float(right[answered].mean()) if answered.any() else None
    return OperatingPoint(threshold, float(answered.mean()), precision)


def operating_curve(scores: Matrix, truths: npt.NDArray[np.intp]) -> list[OperatingPoint]:
    """Coverage and precision of ``scores`` (photos, labels) at thresholds from 0 to 1."""
    return [operating_point(scores, truths, step / _STEPS) for step in range(_STEPS + 1)]
