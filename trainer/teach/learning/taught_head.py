"""The head of a session's photos: that of ``trainer retrain --final``, and one for photos that are too few for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.remembered import Remembered
from trainer.head.calibration import calibrate
from trainer.head.choose import choose_head
from trainer.head.class_weights import weights_beside
from trainer.head.fit import DEFAULT_STEPS, fit_again
from trainer.head.linear import Head
from trainer.head.prototypes import prototype_head
from trainer.retraining.options import DEFAULT_PRECISION
from trainer.teach.learning.examples import Examples

_QUICK_TOLERANCE = 1e-4


class Choice(NamedTuple):
    """The penalty ``l2``, the ``temperature``, and the recommended threshold of the score, None if there is none.

    The defaults are for photos that are too few to choose anything (docs/measurements.md, few photos). With two flowers
    of each class, the best temperature is 2.4 for 2 classes, 1.4 for 3 and 1.2 for 5.
    """

    l2: float = 0.3
    temperature: float = 1.5
    score_threshold: float | None = None


class TaughtHead(NamedTuple):
    """A ``head`` without its temperature, and what was chosen for it."""

    head: Head
    choice: Choice


def quick_head(
    everything: Labelled, labels: int, remembered: Remembered | None, choice: Choice, start: Head | None
) -> TaughtHead:
    """A head for all photos with an earlier ``choice``, fitted loosely from ``start``; None: from zeros."""
    if _one_of_each(everything, labels):
        return _nearest(everything, labels)
    weights = weights_beside(everything.labels, labels, remembered)
    head = fit_again(everything, labels, choice.l2, DEFAULT_STEPS, weights, start=start, tolerance=_QUICK_TOLERANCE)
    return TaughtHead(head, choice)


def teach_head(examples: Examples, check: Callable[[], None] = lambda: None) -> TaughtHead:
    """The head of ``examples``: penalty, temperature and threshold are chosen, then it is fitted on all photos.

    A class that is too small for a split is not refused: its photos train, and the other classes choose. If fewer than
    two classes can choose, the defaults hold; with one photo of each class the head is that of
    :func:`~trainer.head.prototypes.prototype_head`. ``check`` is called between fits; it may raise to end this.

    The fit starts from zeros. From the last head it would take three quarters of the time, but the head would then
    depend on the states of the photos that the learner happened to see: with a weak penalty, weights differed by 4 %.
    """
    everything, labels = examples.everything, len(examples.labels)
    if _one_of_each(everything, labels):
        return _nearest(everything, labels)
    choice = _choose(examples, check)
    weights = weights_beside(everything.labels, labels, examples.remembered)
    return TaughtHead(fit_again(everything, labels, choice.l2, DEFAULT_STEPS, weights), choice)


def _choose(examples: Examples, check: Callable[[], None]) -> Choice:
    if not examples.can_choose:
        return Choice()
    training, validation, labels = examples.training, examples.validation, len(examples.labels)
    weights = weights_beside(training.labels, labels, examples.remembered)
    chosen = choose_head(training, validation, labels, weights, check)
    calibration = calibrate(chosen.head, validation, DEFAULT_PRECISION)
    threshold = calibration.score_threshold if examples.dataset.has_evidence else None
    return Choice(chosen.l2, calibration.temperature, threshold)


def _one_of_each(everything: Labelled, labels: int) -> bool:
    return len(everything.labels) == labels


def _nearest(everything: Labelled, labels: int) -> TaughtHead:
    return TaughtHead(prototype_head(everything, labels), Choice(temperature=1.0))
