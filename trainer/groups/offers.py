"""Pairs of very many photos: numbers in arrays, and which neighbours are compared next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from trainer.groups.neighbours import Neighbours
from trainer.groups.pairs import Pair

_TOGETHER = 100_000  # pairs that are objects at a time

Codes = npt.NDArray[np.int64]
"""Pairs of photos as ``smaller * photos + larger``, ascending and without repeats."""


def as_codes(pairs: Iterable[Pair], photos: int) -> Codes:
    """``pairs`` among ``photos`` photos as one number each."""
    return np.unique(np.fromiter((one * photos + other for one, other in pairs), np.int64))


def codes_of(ones: npt.NDArray[np.int64], others: npt.NDArray[np.int64], photos: int) -> npt.NDArray[np.int64]:
    """The number of the pair that each of ``ones`` is with the one of ``others`` at its place: (pairs,)."""
    return np.asarray(np.minimum(ones, others) * photos + np.maximum(ones, others), np.int64)


def as_pairs(codes: Codes, photos: int) -> npt.NDArray[np.intp]:
    """The photos of ``codes``: (pairs, 2)."""
    return np.asarray(np.stack(np.divmod(codes, photos), axis=1), np.intp)


def each_pair(codes: Codes, photos: int) -> Iterator[Pair]:
    """The two photos of each of ``codes``, one pair after the other."""
    for start in range(0, len(codes), _TOGETHER):
        one, other = as_pairs(codes[start : start + _TOGETHER], photos).T.tolist()
        yield from zip(one, other, strict=True)


def holds(codes: Codes, asked: Codes) -> npt.NDArray[np.bool_]:
    """Whether each of ``asked`` is one of ``codes``: (asked,)."""
    if not len(codes):
        return np.zeros(len(asked), bool)
    places = np.minimum(np.searchsorted(codes, asked), len(codes) - 1)
    return np.asarray(codes[places] == asked)


class Offers:
    """What :class:`~trainer.groups.candidates.NearestFirst` offers, for all photos at once."""

    def __init__(self, neighbours: Neighbours, least_cosine: float, tries: int) -> None:
        """Start with the nearest neighbour of each photo; stop below ``least_cosine`` and after ``tries`` others."""
        self._neighbours, self._least = neighbours, least_cosine
        self._next = np.zeros(len(neighbours.indices), np.int16)
        self._tries = np.full(len(neighbours.indices), tries, np.int16)
        self._offered: Codes = np.zeros(0, np.int64)

    def offer(self, groups: npt.NDArray[np.intp]) -> Codes:
        """A pair for each photo that has a neighbour left in another group; ``groups`` has a number for each group."""
        photos, count = self._neighbours.indices.shape
        found = [np.zeros(0, np.int64)]
        rows = np.flatnonzero((self._tries > 0) & (self._next < count))
        while len(rows):
            place = self._next[rows]
            near = self._neighbours.cosines[rows, place] >= self._least
            self._next[rows[~near]] = count
            rows, place = rows[near], place[near]
            others = self._neighbours.indices[rows, place].astype(np.int64)
            self._next[rows] += 1
            apart = groups[others] != groups[rows]
            self._tries[rows[apart]] -= 1
            codes = codes_of(rows, others, photos)
            new = apart & ~holds(self._offered, codes)
            found.append(codes[new])
            rows = rows[~new]
            rows = rows[(self._tries[rows] > 0) & (self._next[rows] < count)]
        offered = np.unique(np.concatenate(found))
        self._offered = np.union1d(self._offered, offered)
        return offered
