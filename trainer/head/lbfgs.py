"""L-BFGS with a start that knows the curvature: the minimum of a smooth convex function of many numbers.

Nocedal and Wright, *Numerical Optimization* (2006), algorithms 7.4 and 3.1. SciPy's L-BFGS-B starts each step from a
multiple of the gradient and cannot be told more; and to load SciPy's optimizers takes longer than a fit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_REMEMBERED = 10  # steps
_DECREASE = 1e-4  # the least share of the decrease that the slope promises
_SHORTENED = 20  # times: a step that is still too long is rounding, and the fit ends
_SMALL_GRADIENT = 1e-5  # the largest entry of a gradient that ends a fit, as in SciPy


class Walk(NamedTuple):
    """How far a walk is after ``iterations``: the place ``at``, and the last steps with the changes of the gradient."""

    at: Floats
    pairs: tuple[tuple[Floats, Floats], ...]
    iterations: int


class Point(NamedTuple):
    """A place ``at`` with the function's ``value`` and ``gradient`` there."""

    at: Floats
    value: float
    gradient: Floats


def lbfgs(
    evaluate: Callable[[Floats], Point],
    start: Floats,
    solve: Callable[[Floats], Floats],
    most_iterations: int,
    tolerance: float,
    on_iteration: Callable[[Point], None] = lambda point: None,
    walked: Walk | None = None,
    on_walk: Callable[[Walk], None] = lambda walk: None,
) -> Point:
    """Walk from ``start`` to the minimum of the function that ``evaluate`` computes.

    ``solve`` multiplies an array of the shape of a gradient with an estimate of the inverse of the second derivative.
    It may depend on the place that was evaluated last. The walk ends when an iteration changes the value by no more
    than ``tolerance``, relative to the value or to 1 if that is larger. ``on_iteration`` is called with the start and
    with the place after each iteration.

    ``on_walk`` is called when a walk goes on after an iteration. With ``walked``, what it was called with, a walk goes
    on there and not from ``start``, and ends with the same bits.
    """
    point = evaluate(start if walked is None else walked.at)
    if walked is None:
        on_iteration(point)
    pairs: deque[tuple[Floats, Floats]] = deque(() if walked is None else walked.pairs, maxlen=_REMEMBERED)
    for iteration in range(0 if walked is None else walked.iterations, most_iterations):
        if np.abs(point.gradient).max() <= _SMALL_GRADIENT:
            break
        following = _search(evaluate, point, -_times_inverse(point.gradient, pairs, solve))
        if following is None:
            break
        pair = following.at - point.at, following.gradient - point.gradient
        if np.vdot(*pair) > 0:  # rounding may turn its sign
            pairs.append(pair)
        change = (point.value - following.value) / max(abs(point.value), abs(following.value), 1)
        point = following
        on_iteration(point)
        if change <= tolerance:
            break
        on_walk(Walk(point.at, tuple(pairs), iteration + 1))
    return point


def _times_inverse(gradient: Floats, pairs: deque[tuple[Floats, Floats]], solve: Callable[[Floats], Floats]) -> Floats:
    """``gradient`` times the estimate of the inverse, after the steps and changes of the gradient in ``pairs``."""
    left = gradient.copy()
    parts = []
    for step, change in reversed(pairs):
        part = np.vdot(step, left) / np.vdot(step, change)
        left -= part * change
        parts.append(part)
    found = solve(left)
    if pairs:  # the last step says how much the estimate is too large or too small
        step, change = pairs[-1]
        found *= np.vdot(step, change) / np.vdot(change, solve(change))
    for (step, change), part in zip(pairs, reversed(parts), strict=True):
        found += (part - np.vdot(change, found) / np.vdot(step, change)) * step
    return found


def _search(evaluate: Callable[[Floats], Point], point: Point, direction: Floats) -> Point | None:
    """A place along ``direction`` where the value is less, as its slope promises; None if there is none."""
    slope = float(np.vdot(point.gradient, direction))
    length = 1.0
    for _ in range(_SHORTENED):
        tried = evaluate(point.at + length * direction)
        if tried.value <= point.value + _DECREASE * length * slope:
            return tried
        # The minimum of the parabola through both values with this slope.
        parabola = -slope * length**2 / (2 * (tried.value - point.value - length * slope))
        length = min(max(parabola, 0.1 * length), 0.5 * length)
    return None
