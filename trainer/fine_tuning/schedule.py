"""How fast fine-tuning learns at each step, when it has learnt enough, and whether it was for the worse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


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
    """The last epoch whose loss is within one standard error of the lowest, 1 or more; 0 where none was learnt.

    Among epochs that so few photos cannot tell apart the later one has learnt with the smaller rate. After the rule of
    one standard error in Breiman et al., *Classification and Regression Trees* (1984). ``losses[0]`` is that before
    fine-tuning and no candidate: its head was fitted on its features to the end, the other epochs' heads are on
    their way. :func:`is_worse` compares like with like.
    """
    learnt = losses[1:]
    if not learnt:
        return 0
    lowest = min(learnt, key=lambda loss: loss.mean)
    return max(epoch for epoch, loss in enumerate(learnt, 1) if loss.mean <= lowest.mean + lowest.error)


def has_stopped(losses: Sequence[Loss], patience: int) -> bool:
    """Whether ``patience`` epochs have gone by since the best one."""
    return len(losses) - 1 - best_epoch(losses) >= patience


def is_worse(after: npt.NDArray[np.float64], before: npt.NDArray[np.float64]) -> bool:
    """Whether losses (photos,) rose from ``before`` to ``after`` by more than the standard error of their difference.

    The same photos, in the same order. Fine-tuning nearly always gains; what it cannot be told to have lost is kept.
    """
    rise = after - before
    return bool(rise.mean() > rise.std() / math.sqrt(len(rise)))
