"""The head of the other parts: what a finished head would be if some of its photos had not been there."""

from __future__ import annotations

from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import Calibration, with_temperature
from trainer.head.fit import fit_again
from trainer.head.folds import Folds
from trainer.head.linear import Head

_TOLERANCE = 1e-5


def head_without(trained: Labelled, folds: Folds, calibration: Calibration, l2: float) -> Head:
    """The head that is fitted on ``trained``, some of the photos of ``folds``; it starts at that of ``calibration``.

    Its penalty is ``l2``, its temperature that of ``calibration``.
    """
    start = with_temperature(calibration.head, 1 / calibration.temperature)
    weights = folds.class_weights(trained.labels)
    head = fit_again(trained, folds.labels, l2, folds.max_steps, weights, start=start, tolerance=_TOLERANCE)
    return with_temperature(head, calibration.temperature)
