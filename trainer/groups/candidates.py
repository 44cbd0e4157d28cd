"""Pairs of photos that may depend on each other: by bottlenecks, by names that follow each other, by EXIF times."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from trainer.groups.neighbours import Neighbours
from trainer.photos.look import Look

Pair = tuple[int, int]

LEAST_COSINE = 0.7
"""Copies of a photo have cosines from 0.7 on with it, for every architecture."""

_NEAREST = 3
_BURST_S = 10.0  # photos that one camera took within so many seconds may be of one scene
_SAME_TIME = 10  # a time that so many photos have is no time at which each was taken


def by_bottlenecks(neighbours: Neighbours, groups: Sequence[int], photos: Iterable[int]) -> Iterator[Pair]:
    """Each of ``photos`` with its three nearest photos of other groups; ``groups`` has a number for each group."""
    for photo in photos:
        found = 0
        for other, cosine in zip(neighbours.indices[photo], neighbours.cosines[photo], strict=True):
            if cosine < LEAST_COSINE or found == _NEAREST:
                break
            if groups[other] != groups[photo]:
                found += 1
                yield ordered(photo, int(other))


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
        shots = sorted(shot for shot in shots if times[shot[0]] < _SAME_TIME)
        for (taken_s, index), (next_s, following) in itertools.pairwise(shots):
            if next_s - taken_s <= _BURST_S:
                pairs.append(ordered(index, following))
    return pairs


def ordered(one: int, other: int) -> Pair:
    """The two photos as a pair, the first by number first."""
    return (one, other) if one < other else (other, one)
