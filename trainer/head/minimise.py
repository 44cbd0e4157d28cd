"""The minimum of a head's loss, by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.linear import Head
from trainer.head.training_loss import TrainingLoss, training_loss

TOLERANCE = 2e-9
"""Relative change of the loss that ends the fit of a head."""

SEARCH_TOLERANCE = 1e-4
"""Relative change of the loss that ends a fit of the search for the penalty."""


def refit_head(
    training: Labelled,
    labels: int,
    l2: float,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None = None,
    start: Head | None = None,
) -> Head:
    """Fit a head on standardised features with the penalty ``l2``, loosely.

    It ends as early as a fit of :func:`~trainer.head.penalty.search_penalty`. ``start`` is the first head, None: zeros.
    """
    weights = np.ones(labels) if class_weights is None else class_weights
    return minimise(training, weights, l2, max_steps, start, tolerance=SEARCH_TOLERANCE)


def minimise(
    training: Labelled,
    class_weights: npt.NDArray[np.float64],
    l2: float,
    max_steps: int,
    start: Head | None = None,
    on_step: Callable[[Head, TrainingLoss], None] | None = None,
    tolerance: float = TOLERANCE,
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
