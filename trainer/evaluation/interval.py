"""The confidence interval of a share that was counted on few photos."""

from __future__ import annotations

import math
from typing import NamedTuple

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: two-sided 95 %."""


class Interval(NamedTuple):
    """Two fractions between which the true share lies with 95 % confidence."""

    low: float
    high: float


def wilson_interval(right: float, count: int) -> Interval:
    """The 95 % interval of a share of ``right`` among ``count``; (0, 1) if ``count`` is 0.

    Wilson's score interval (E. B. Wilson, 1927), which stays inside 0..1 and works for a few photos too. ``right``
    need not be whole: it may be a sum of shares, one of each group of photos.
    """
    if count == 0:
        return Interval(0.0, 1.0)
    share, square = right / count, Z_95**2 / count
    middle = (share + square / 2) / (1 + square)
    spread = Z_95 * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    # These two ends are known exactly; the formula would give them with a rounding error.
    return Interval(middle - spread if right else 0.0, middle + spread if right < count else 1.0)
