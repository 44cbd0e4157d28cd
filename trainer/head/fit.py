"""The head: softmax regression on bottlenecks, fitted with L-BFGS, its L2 chosen on photos that did not train it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError
from trainer.bottlenecks.labelled import Labelled
from trainer.head.linear import Head, accuracy, cross_entropy
from trainer.head.minimise import TOLERANCE, minimise
from trainer.head.penalty import search_penalty
from trainer.head.standardisation import Standardisation
from trainer.head.training_loss import TrainingLoss
from trainer.one_thread import one_thread

DEFAULT_STEPS = 500


class Step(NamedTuple):
    """One training step: accuracy (0..1) and cross entropy (nats) on both sets."""

    training_accuracy: float
    training_cross_entropy: float
    validation_accuracy: float
    validation_cross_entropy: float


class HeadFit(NamedTuple):
    """A fitted head, the L2 penalty that was chosen, and the steps that led to it."""

    head: Head
    l2: float
    steps: list[Step]


def fit_head(
    training: Labelled,
    validation: Labelled,
    labels: int,
    max_steps: int = DEFAULT_STEPS,
    class_weights: npt.NDArray[np.float64] | None = None,
) -> HeadFit:
    """Fit a head for ``labels`` classes; each L-BFGS iteration is a step, at most ``max_steps`` of them.

    Features are standardised inside and the standardisation is folded back into the weights. The penalty
    is ``l2 / 2 * sum(weights ** 2)`` on standardised features beside the mean cross entropy, in which a photo
    has the weight of its class in ``class_weights`` (labels,), 1 if None. The strength is that of
    :func:`~trainer.head.penalty.search_penalty`.

    Raises :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number.
    """
    check_finite(training, validation)
    # At these sizes, threads of the linear algebra would wait for each other longer than they compute. And the order
    # in which they add would make the last bits of the head depend on the number of cores.
    with one_thread():
        return _fit_found(training, validation, labels, max_steps, class_weights)


def fit_again(
    training: Labelled,
    labels: int,
    l2: float,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None = None,
    *,
    start: Head | None = None,
    tolerance: float = TOLERANCE,
) -> Head:
    """Fit a head as :func:`fit_head` does, but with the penalty ``l2`` that it has found: no validation photos.

    It begins at the head ``start`` (None: zeros) and ends when a step changes the loss by less than this ``tolerance``,
    relative.

    Raises :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number.
    """
    check_finite(training)
    weights = np.ones(labels) if class_weights is None else class_weights
    with one_thread():
        unit = Standardisation.of(training.features)
        first = None if start is None else Head(*unit.unfolded(*start))
        standard = Labelled(unit.apply(training.features), training.labels)
        head = minimise(standard, weights, l2, max_steps, first, tolerance=tolerance)
        return Head(*unit.folded(*head))


def check_finite(*sets: Labelled) -> None:
    """Raise :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number."""
    if not all(np.isfinite(part.features).all() for part in sets):
        raise DatasetError("a bottleneck is not a finite number; are the weights of the backbone sound?")


def _fit_found(
    training: Labelled,
    validation: Labelled,
    labels: int,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None,
) -> HeadFit:
    found = search_penalty(training, validation, labels, max_steps, class_weights)
    # The chosen head is fitted once more, from zeros, because its steps are shown to the user.
    steps: list[Step] = []

    def on_step(head: Head, on_training: TrainingLoss) -> None:
        logits = head.logits(found.validation.features)
        validated = accuracy(logits, validation.labels), cross_entropy(logits, validation.labels)
        steps.append(Step(float(on_training.right.mean()), float(on_training.losses.mean()), *validated))

    head = minimise(found.training, found.weights, found.l2, max_steps, on_step=on_step, curvature=found.curvature)
    return HeadFit(Head(*found.unit.folded(*head)), found.l2, steps)
