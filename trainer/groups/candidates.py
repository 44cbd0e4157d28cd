"""Pairs of photos that may depend on each other: by bottlenecks, by names that follow each other, by EXIF times."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

from trainer.groups.neighbours import Neighbours
from trainer.groups.pairs import Pair, ordered
from trainer.photos.look import Look

_BURST_S = 10.0  # two photos of one scene are at most this far apart
_SAME_TIME = 10  # photos of one camera: if this number of them have one time, it does not say when each was taken


class NearestFirst:
    """Offers each photo its nearest neighbours, one after the other, until a few of them were no copies of it."""

    def __init__(self, neighbours: Neighbours, least_cosine: float, tries: int) -> None:
        """Start with the nearest neighbour of each photo; stop below ``least_cosine`` and after ``tries`` others."""
        # Lists: to take single numbers out of arrays takes longer.
        self._indices, self._cosines = neighbours.indices.tolist(), neighbours.cosines.tolist()
        self._least = least_cosine
        self._next = [0] * len(neighbours.indices)
        self._tries = [tries] * len(neighbours.indices)
        self._offered: set[Pair] = set()

    def offer(self, groups: Sequence[int]) -> set[Pair]:
        """A pair for each photo that has a neighbour left in another group; ``groups`` has a number for each group."""
        pairs = {pair for photo in range(len(self._next)) if (pair := self._offer(photo, groups))}
        self._offered |= pairs
        return pairs

    def _offer(self, photo: int, groups: Sequence[int]) -> Pair | None:
        indices, cosines = self._indices[photo], self._cosines[photo]
        while self._tries[photo] and self._next[photo] < len(indices):
            place = self._next[photo]
            if cosines[place] < self._least:
                break
            self._next[photo] += 1
            other = indices[place]
            if groups[other] != groups[photo]:
                self._tries[photo] -= 1
                pair = ordered(photo, other)
                if pair not in self._offered:
                    return pair
        return None


def by_exif(looks: Sequence[Look]) -> list[Pair]:
    """Photos that one camera took one after the other, at most ten seconds apart."""
    cameras: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for index, look in enumerate(looks):
        if look.camera and math.isfinite(look.taken_s):
            cameras[look.camera].append((look.taken_s, index))
    pairs = []
    for shots in cameras.values():
        times: dict[float, int] = defaultdict(int)
        for taken_s, _ in shots:
            times[taken_s] += 1
        known = sorted(shot for shot in shots if times[shot[0]] < _SAME_TIME)
        for (taken_s, index), (next_s, following) in itertools.pairwise(known):
            if next_s - taken_s <= _BURST_S:
                pairs.append(ordered(index, following))
    return pairs
