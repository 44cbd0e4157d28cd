"""How fast fine-tuning learns at each step, and when it has learnt enough."""

from __future__ import annotations

import math
from collections.abc import Sequence


def learning_rate(step: int, steps: int, warm_up: int, peak: float) -> float:
    """The learning rate of ``step`` (0 is the first) of ``steps``: a line up to ``peak``, then half a cosine to 0.

    Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts. ``warm_up`` is the number of steps on the line.
    """
    if step < warm_up:
        return peak * ((step + 1) / warm_up)
    return peak * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up))) / 2


def best_epoch(losses: Sequence[float]) -> int:
    """The first epoch with the lowest validation loss; epoch 0 is the state before fine-tuning."""
    return min(range(len(losses)), key=lambda epoch: losses[epoch])


def has_stopped(losses: Sequence[float], patience: int) -> bool:
    """Whether ``patience`` epochs have gone by since the best one, the state before fine-tuning not counted.

    The first epochs nearly always lose: they disturb the features that the warmed head was fitted on.
    """
    learnt = losses[1:]
    return bool(learnt) and len(learnt) - 1 - best_epoch(learnt) >= patience
