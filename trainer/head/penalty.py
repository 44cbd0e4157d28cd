"""The L2 penalty of a head, chosen on photos that did not train it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.curvature import Curvature
from trainer.head.linear import Head, cross_entropy
from trainer.head.minimise import SEARCH_TOLERANCE, minimise
from trainer.head.standardisation import Standardisation

L2_GRID = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Strengths of the L2 penalty that are tried, strongest first."""

_PATIENCE = 2  # the search stops after this number of weaker penalties that are no better


class Search(NamedTuple):
    """The penalty ``l2`` that was chosen, and a loosely fitted ``head`` with it.

    ``unit`` is the standardisation, ``training`` and ``validation`` are standardised; ``weights`` (labels,) are those
    of the classes, ``curvature`` is that of ``training``.
    """

    l2: float
    head: Head
    unit: Standardisation
    training: Labelled
    validation: Labelled
    weights: npt.NDArray[np.float64]
    curvature: Curvature


def search_penalty(
    training: Labelled,
    validation: Labelled,
    labels: int,
    max_steps: int,
    class_weights: npt.NDArray[np.float64] | None,
    check: Callable[[], None] = lambda: None,
) -> Search:
    """Choose one of the penalties of :data:`L2_GRID`; call it inside ``one_thread``.

    That of the lowest validation cross entropy is chosen. Photos have the weights of their classes in it, as in
    training, and a group of photos has the weight of one. ``check`` is called between two fits; it may raise to end
    this.
    """
    weights = np.ones(labels) if class_weights is None else class_weights
    unit = Standardisation.of(training.features)
    standard, standard_validation = (
        Labelled(unit.apply(part.features), part.labels) for part in (training, validation)
    )
    shares = weights[validation.labels]
    if validation.weights is not None:
        shares = shares * validation.weights
    curvature = Curvature.of(standard.features)
    best: tuple[float, float, Head] | None = None
    not_better = 0
    start = None
    for l2 in L2_GRID:
        # The next solution is near the last one, whose penalty is stronger.
        start = minimise(standard, weights, l2, max_steps, start, tolerance=SEARCH_TOLERANCE, curvature=curvature)
        loss = cross_entropy(start.logits(standard_validation.features), validation.labels, shares)
        if best is None or loss < best[0]:
            best, not_better = (loss, l2, start), 0
        else:
            not_better += 1
            if not_better == _PATIENCE:
                break
        check()
    assert best is not None
    return Search(best[1], best[2], unit, standard, standard_validation, weights, curvature)
