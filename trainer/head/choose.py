"""The head that :mod:`trainer.head.fit` would choose, in half the time: for heads that are fitted again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.fit import DEFAULT_STEPS, check_finite
from trainer.head.linear import Head
from trainer.head.minimise import minimise
from trainer.head.penalty import search_penalty
from trainer.one_thread import one_thread

_TOLERANCE = 1e-8


class ChosenHead(NamedTuple):
    """A fitted head and the L2 penalty that was chosen."""

    head: Head
    l2: float


def choose_head(
    training: Labelled,
    validation: Labelled,
    labels: int,
    class_weights: npt.NDArray[np.float64] | None = None,
    check: Callable[[], None] = lambda: None,
) -> ChosenHead:
    """The penalty that :func:`~trainer.head.fit.fit_head` chooses, and nearly its head.

    The head is fitted from the one that the search found, not from zeros, so that it ends a little nearer to the best
    one or farther from it. ``check`` is called between two fits; it may raise
    to end this.

    Raises :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number.
    """
    check_finite(training, validation)
    with one_thread():
        found = search_penalty(training, validation, labels, DEFAULT_STEPS, class_weights, check)
        head = minimise(
            found.training,
            found.weights,
            found.l2,
            DEFAULT_STEPS,
            found.head,
            tolerance=_TOLERANCE,
            curvature=found.curvature,
        )
        return ChosenHead(Head(*found.unit.folded(*head)), found.l2)
