"""The head: softmax regression on bottlenecks, fitted with L-BFGS, its L2 chosen on the validation set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError
from trainer.bottlenecks.labelled import Labelled
from trainer.head.standardisation import Standardisation
from trainer.head.training_loss import TrainingLoss, training_loss
from trainer.one_thread import one_thread

L2_GRID = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Strengths of the L2 penalty that are tried, strongest first."""

DEFAULT_STEPS = 500

_PATIENCE = 2  # the search stops after this number of weaker penalties that are no better
_SEARCH_TOLERANCE = 1e-4  # relative change of the loss that ends a fit of the search
_TOLERANCE = 2e-9  # relative change of the loss that ends the fit of the head

Matrix = npt.NDArray[np.float64]


class Step(NamedTuple):
    """One training step: accuracy (0..1) and cross entropy (nats) on both sets."""

    training_accuracy: float
    training_cross_entropy: float
    validation_accuracy: float
    validation_cross_entropy: float


class Head(NamedTuple):
    """A linear layer for raw bottlenecks: ``weights`` (values, labels) and ``bias`` (labels,), float64."""

    weights: Matrix
    bias: npt.NDArray[np.float64]

    def logits(self, features: npt.NDArray[np.floating[Any]]) -> Matrix:
        """The logits of ``features`` (photos, values): (photos, labels), float64."""
        return features.astype(np.float64, copy=False) @ self.weights + self.bias


class HeadFit(NamedTuple):
    """A fitted head, the L2 penalty that was chosen, and the steps that led to it."""

    head: Head
    l2: float
    steps: list[Step]


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
    has the weight of its class in ``class_weights`` (labels,), 1 if None. The strength with the lowest
    validation cross entropy, weighted in the same way, is chosen; a group of validation photos has the weight of one.

    Raises :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number.
    """
    check_finite(training, validation)
    # At these sizes, threads of the linear algebra would wait for each other longer than they compute. And the order
    # in which they add would make the last bits of the head depend on the number of cores.
    with one_thread():
        return _fit_found(training, validation, labels, max_steps, class_weights)


def refit_head(
    training: Labelled,
    labels: int,
    l2: float,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None = None,
    start: Head | None = None,
) -> Head:
    """Fit a head on standardised features with the penalty ``l2``, as loosely as the search of :func:`fit_head` does.

    ``start`` is the first head, None: zeros.
    """
    weights = np.ones(labels) if class_weights is None else class_weights
    return minimise(training, weights, l2, max_steps, start, tolerance=_SEARCH_TOLERANCE)


def fit_again(
    training: Labelled,
    labels: int,
    l2: float,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None = None,
    *,
    start: Head | None = None,
    tolerance: float = _TOLERANCE,
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


class Search(NamedTuple):
    """The penalty ``l2`` with the lowest validation cross entropy, and the loosely fitted ``head`` that had it.

    ``unit`` is the standardisation, ``training`` and ``validation`` are standardised; ``weights`` (labels,) are those
    of the classes.
    """

    l2: float
    head: Head
    unit: Standardisation
    training: Labelled
    validation: Labelled
    weights: npt.NDArray[np.float64]


def search_penalty(
    training: Labelled,
    validation: Labelled,
    labels: int,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None,
    check: Callable[[], None] = lambda: None,
) -> Search:
    """Try the penalties of :data:`L2_GRID`, as :func:`fit_head` says; call it inside ``one_thread``.

    ``check`` is called between two fits; it may raise to end this.
    """
    weights = np.ones(labels) if class_weights is None else class_weights
    unit = Standardisation.of(training.features)
    standard, standard_validation = (
        Labelled(unit.apply(part.features), part.labels) for part in (training, validation)
    )
    shares = weights[validation.labels]
    if validation.weights is not None:
        shares = shares * validation.weights
    best: tuple[float, float, Head] | None = None
    not_better = 0
    start = None
    for l2 in L2_GRID:
        # The next solution is near the last one, whose penalty is stronger.
        head = minimise(standard, weights, l2, max_steps, start, tolerance=_SEARCH_TOLERANCE)
        start = head
        logits = head.logits(standard_validation.features)
        loss = cross_entropy(logits, validation.labels, shares)
        if best is None or loss < best[0]:
            best, not_better = (loss, l2, head), 0
        else:
            not_better += 1
            if not_better == _PATIENCE:
                break
        check()
    assert best is not None
    return Search(best[1], best[2], unit, standard, standard_validation, weights)


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

    head = minimise(found.training, found.weights, found.l2, max_steps, on_step=on_step)
    return HeadFit(Head(*found.unit.folded(*head)), found.l2, steps)


def minimise(
    training: Labelled,
    class_weights: npt.NDArray[np.float64],
    l2: float,
    max_steps: int,
    start: Head | None = None,
    on_step: Callable[[Head, TrainingLoss], None] | None = None,
    tolerance: float = _TOLERANCE,
) -> Head:
    """Minimise from ``start`` (zeros if None); ``on_step`` is called with it and with each iteration's head."""
    from scipy.optimize import minimize

    values, labels = training.features.shape[1], len(class_weights)
    shares = class_weights[training.labels]
    shares = shares / shares.sum()
    # The last parameters and their loss: an iteration ends at the parameters that were tried last.
    last: tuple[npt.NDArray[np.float64], TrainingLoss] | None = None

    def unpack(parameters: npt.NDArray[np.float64]) -> Head:
        return Head(parameters[:-labels].reshape(values, labels), parameters[-labels:])

    def loss_at(parameters: npt.NDArray[np.float64]) -> TrainingLoss:
        nonlocal last
        if last is None or not np.array_equal(last[0], parameters):
            found = training_loss(training.features, training.labels, shares, *unpack(parameters))
            last = parameters.copy(), found
        return last[1]

    def objective(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        found, head = loss_at(parameters), unpack(parameters)
        gradient = found.weights_gradient + l2 * head.weights
        loss = float(np.average(found.losses, weights=shares)) + l2 / 2 * float((head.weights**2).sum())
        return loss, np.concatenate([gradient.ravel(), found.bias_gradient])

    def report(parameters: npt.NDArray[np.float64]) -> None:
        assert on_step is not None
        on_step(unpack(parameters), loss_at(parameters))

    first = np.zeros(values * labels + labels) if start is None else np.concatenate([start.weights.ravel(), start.bias])
    if on_step is not None:
        report(first)
    result = minimize(
        objective,
        first,
        jac=True,
        method="L-BFGS-B",
        callback=None if on_step is None else report,
        options={"maxiter": max_steps, "maxfun": 2 * max_steps + 20, "ftol": tolerance},
    )
    return unpack(result.x)
