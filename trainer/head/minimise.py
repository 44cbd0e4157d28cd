"""The minimum of a head's loss, by L-BFGS."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.curvature import DIRECTIONS, Curvature
from trainer.head.lbfgs import Floats, Point, Walk, lbfgs
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
    curvature: Curvature | None = None,
) -> Head:
    """Fit a head on standardised features with the penalty ``l2``, loosely.

    It ends as early as a fit of :func:`~trainer.head.penalty.search_penalty`. ``start`` is the first head, None: zeros.
    ``curvature`` is that of the features or of others like them; None: it is found.
    """
    weights = np.ones(labels) if class_weights is None else class_weights
    return minimise(training, weights, l2, max_steps, start, tolerance=SEARCH_TOLERANCE, curvature=curvature)


def minimise(
    training: Labelled,
    class_weights: npt.NDArray[np.float64],
    l2: float,
    max_steps: int,
    start: Head | None = None,
    on_step: Callable[[Head, TrainingLoss], None] | None = None,
    tolerance: float = TOLERANCE,
    curvature: Curvature | None = None,
) -> Head:
    """Minimise from ``start`` (zeros if None); ``on_step`` is called with it and with each iteration's head.

    The features of ``training`` are standardised; ``curvature`` is theirs, None: it is found.
    """
    values, labels = training.features.shape[1], len(class_weights)
    shares = shares_of(training.labels, class_weights)
    if start is None:
        start = Head(np.zeros((values, labels)), np.zeros(labels))
    return minimise_loss(
        lambda weights, bias: training_loss(training.features, training.labels, shares, weights, bias),
        shares,
        l2,
        max_steps,
        start,
        Curvature.of(training.features) if curvature is None else curvature,
        on_step,
        tolerance,
        span=span_of(training.features) if len(training.features) <= DIRECTIONS else None,
    )


def span_of(features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Orthonormal directions (values, directions) in which standardised ``features`` (photos, values) lie.

    Call it inside ``one_thread``.
    """
    directions, sizes, _ = np.linalg.svd(features.T, full_matrices=False)
    return np.asarray(directions[:, sizes > 1e-9 * max(sizes[0], 1e-300)])


def shares_of(labels: npt.NDArray[np.intp], class_weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The share of each photo, given by its index in ``labels`` (photos,), in the mean loss: (photos,)."""
    shares = class_weights[labels]
    return np.asarray(shares / shares.sum())


def minimise_loss(
    loss: Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], TrainingLoss],
    shares: npt.NDArray[np.float64],
    l2: float,
    max_steps: int,
    start: Head,
    curvature: Curvature,
    on_step: Callable[[Head, TrainingLoss], None] | None = None,
    tolerance: float = TOLERANCE,
    walked: Walk | None = None,
    on_walk: Callable[[Walk], None] = lambda walk: None,
    span: npt.NDArray[np.float64] | None = None,
) -> Head:
    """Minimise what ``loss`` computes of weights (values, labels) and bias (labels,), and the penalty ``l2``.

    ``shares`` (photos,) are those of the photos in the loss. ``curvature`` is that of the standardised features.
    ``walked`` and ``on_walk`` are those of :func:`~trainer.head.lbfgs.lbfgs`. ``span`` is that of :func:`span_of` for
    all features: the weights stay in it, as those of the minimum are in it. None: they may go anywhere.
    """
    labels = len(start.bias)
    first = (labels - 1) / labels**2  # of a head of zeros
    last: TrainingLoss | None = None  # an iteration ends at the parameters that were tried last

    def evaluate(parameters: Floats) -> Point:
        nonlocal last
        weights = parameters[:-1]
        last = loss(weights, parameters[-1])
        gradient = np.concatenate([last.weights_gradient + l2 * weights, last.bias_gradient[np.newaxis]])
        return Point(parameters, float(last.losses @ shares) + l2 / 2 * float(np.vdot(weights, weights)), gradient)

    def solve(gradient: Floats) -> Floats:
        assert last is not None
        # Photos that are labelled surely curve the loss no more, but those near the borders of the classes do: the
        # geometric mean of what all photos did at first and do now.
        now = max(last.doubt / labels, 1e-12)
        return inside(curvature.solve(gradient, math.sqrt(first * now), l2))

    def inside(parameters: Floats) -> Floats:
        # Outside, only the penalty curves the loss. L-BFGS scales its steps by what all directions need: what a sum was
        # rounded by would grow there by that factor with each iteration, and two processors differ in the fourth digit.
        if span is not None:
            parameters[:-1] = span @ (span.T @ parameters[:-1])
        return parameters

    def report(point: Point) -> None:
        if on_step is not None:
            assert last is not None
            on_step(_head(point.at), last)

    begin = inside(np.concatenate([start.weights, start.bias[np.newaxis]]))
    return _head(lbfgs(evaluate, begin, solve, max_steps, tolerance, report, walked, on_walk).at)


def _head(parameters: Floats) -> Head:
    return Head(parameters[:-1], parameters[-1])
