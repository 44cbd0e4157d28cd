"""How fast fine-tuning learns at each step, and when it has learnt enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


def learning_rate(step: int, steps: int, warm_up: int, peak: float) -> float:
    """The learning rate of ``step`` (0 is the first) of ``steps``: a line up to ``peak``, then half a cosine to 0.

    Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts. ``warm_up`` is the number of steps on the line.
    """
    if step < warm_up:
        return peak * ((step + 1) / warm_up)
    return peak * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up))) / 2


class Loss(NamedTuple):
    """The mean loss of the validation photos (nats), and its standard error."""

    mean: float
    error: float


def best_epoch(losses: Sequence[Loss]) -> int:
    """The last epoch whose loss is within one standard error of the lowest; epoch 0 is the state before fine-tuning.

    Among epochs that so few photos cannot tell apart the later one has learnt with the smaller rate. After the rule of
    one standard error in Breiman et al., *Classification and Regression Trees* (1984).
    """
    lowest = min(losses, key=lambda loss: loss.mean)
    return max(epoch for epoch, loss in enumerate(losses) if loss.mean <= lowest.mean + lowest.error)


def has_stopped(losses: Sequence[Loss], patience: int) -> bool:
    """Whether ``patience`` epochs have gone by since the best one, the state before fine-tuning not counted.

    The first epochs nearly always lose: they disturb the features that the warmed head was fitted on.
    """
    learnt = losses[1:]
    return bool(learnt) and len(learnt) - 1 - best_epoch(learnt) >= patience
