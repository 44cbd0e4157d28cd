"""Which names of photos are neighbours in a series, such as ``cam_0300.jpg`` and ``cam_0301.jpg``."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence

from trainer.groups.pairs import Pair, ordered
from trainer.photos.grouping import stem_of

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})([^0-9]*)", re.DOTALL)
_LARGEST_STEP = 3
"""Numbers of a series that differ by more than this are not neighbours."""


def series_neighbours(relatives: Sequence[str]) -> list[Pair]:
    """Pairs of photos whose names are neighbours in a series: ``cam_0300.jpg`` and ``cam_0301.jpg``.

    The names are of one folder and differ in their last number alone, by at most 3.
    """
    runs: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for index, relative in enumerate(relatives):
        folder, _, name = relative.rpartition("/")
        match = _NUMBERED.fullmatch(stem_of(name))
        if match:
            runs[folder, match[1].casefold(), match[3].casefold()].append((int(match[2]), index))
    pairs = []
    for run in runs.values():
        run.sort()
        for (number, index), (following, neighbour) in itertools.pairwise(run):
            if following - number <= _LARGEST_STEP:
                pairs.append(ordered(index, neighbour))
    return pairs
