"""Shares of photos in which photos that depend on each other count as one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from trainer.evaluation.interval import Interval, wilson_interval


class GroupedShare(NamedTuple):
    """The sum ``right`` over ``independent`` groups of photos: of each group, the share of its photos that are right.

    A photo of a group of n photos has the weight 1 / n. If each photo is a group of its own, both are counts of photos.
    """

    right: float
    independent: int

    @property
    def share(self) -> float | None:
        """The mean over the groups, 0 to 1; None if there is no group."""
        return self.right / self.independent if self.independent else None

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the share; (0, 1) if there is no group.

        It is not too narrow: values between 0 and 1 vary at most as much as zeros and ones with the same mean.
        """
        return wilson_interval(self.right, self.independent)


def grouped_share(photos: Iterable[tuple[str, bool]]) -> GroupedShare:
    """The share of the ``photos``, given as (group, whether it is right), that are right."""
    counts: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for group, is_right in photos:
        counts[group] += 1
        right[group] += is_right
    return GroupedShare(math.fsum(right[group] / count for group, count in counts.items()), len(counts))
