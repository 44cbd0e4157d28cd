"""Other things as fine-tuning moves them: bottlenecks of things that no photo showed, carried over to a tuned network.

What a pretrained network knows of a thousand things, fine-tuning folds into what tells the classes apart, and photos of
other things land among those of the classes. How it moves bottlenecks can be learned from the photos of the classes
and from drawings alone, by ridge regression. docs/adr/0022 has it measured.
"""

from __future__ import annotations

import numpy as np

from trainer.head.standardisation import Features, Matrix, Standardisation

_PENALTY = 1.0
"""Of the regression, for each picture: strong, since few pictures show how hundreds of values move."""


def moved_strangers(strange: Features, before: Features, after: Features) -> Matrix:
    """Where fine-tuning moves the bottlenecks ``strange`` (things, values) of the pretrained network: (things, values).

    ``before`` and ``after`` (pictures, values) are the bottlenecks of the same pictures by the pretrained and by the
    tuned network. No value is below the lowest of ``after``.

    Call it inside :func:`~trainer.one_thread.one_thread`.
    """
    unit, middle = Standardisation.of(before), after.mean(axis=0, dtype=np.float64)
    standard = unit.apply(before)
    penalty = _PENALTY * len(before) * np.eye(before.shape[1])
    weights = np.linalg.solve(standard.T @ standard + penalty, standard.T @ (after - middle))
    moved: Matrix = np.maximum(unit.apply(strange) @ weights + middle, float(after.min()))
    return moved
