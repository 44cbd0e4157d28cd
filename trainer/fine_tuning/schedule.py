"""The learning rate of each step, the best epoch, when to stop, and whether fine-tuning made the model worse."""

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
    """The last epoch, from 1 on, whose loss is within one standard error of the lowest; 0 if there is only epoch 0.

    Few photos do not show which of these epochs is better; the later one was trained with the smaller rate. This is the
    rule of one standard error in Breiman et al., *Classification and Regression Trees* (1984). ``losses[0]`` is the
    loss before fine-tuning and is never chosen: its head was fitted completely, the heads of the other epochs were not.
    The comparison with it is that of :func:`is_worse`.
    """
    learnt = losses[1:]
    if not learnt:
        return 0
    lowest = min(learnt, key=lambda loss: loss.mean)
    return max(epoch for epoch, loss in enumerate(learnt, 1) if loss.mean <= lowest.mean + lowest.error)


def has_stopped(losses: Sequence[Loss], patience: int) -> bool:
    """Whether there were ``patience`` epochs after the best one."""
    return len(losses) - 1 - best_epoch(losses) >= patience


def is_worse(after: npt.NDArray[np.float64], before: npt.NDArray[np.float64]) -> bool:
    """Whether losses (photos,) rose from ``before`` to ``after`` by more than the standard error of their difference.

    Both are of the same photos, in the same order. Fine-tuning nearly always helps, so its result is kept if it is not
    clearly worse.
    """
    rise = after - before
    return bool(rise.mean() > rise.std() / math.sqrt(len(rise)))
