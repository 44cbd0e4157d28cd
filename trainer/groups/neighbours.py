"""The nearest neighbours of each photo by the cosine of their bottlenecks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map
from trainer.one_thread import one_thread

BLOCK = 512
"""How many photos are compared with all others at a time: memory grows with the number of photos, not its square."""

_PARTS = 4  # of a row, for each value that is wanted: more of them make fewer candidates, and take longer


class Neighbours(NamedTuple):
    """For each photo the indices of its nearest others, nearest first, and their cosines; both (photos, count)."""

    indices: npt.NDArray[np.intp]
    cosines: npt.NDArray[np.float32]


def nearest(features: npt.NDArray[np.float32], count: int) -> Neighbours:
    """The ``count`` nearest neighbours of each row of ``features`` (photos, values), fewer if there are fewer photos.

    The result is the same on any number of cores. Of equal cosines the lower index comes first. A row of zeros has
    cosine 0 with every other one, and so has one with a value that is no number.
    """
    photos = len(features)
    count = min(count, photos - 1)
    unit = units(features)
    indices = np.zeros((photos, max(count, 0)), np.intp)
    cosines = np.zeros((photos, max(count, 0)), np.float32)
    if count < 1:
        return Neighbours(indices, cosines)

    def search(start: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        block = unit[start : start + BLOCK] @ unit.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        return largest(block, count)

    starts = range(0, photos, BLOCK)
    with one_thread():
        for start, found in zip(starts, ordered_map(lambda: search, starts, available_cores()), strict=True):
            indices[start : start + BLOCK], cosines[start : start + BLOCK] = found
    return Neighbours(indices, cosines)


def units(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """``features`` (photos, values) at unit length; zeros for a row of zeros or one with a value that is no number."""
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    known = np.isfinite(norms)
    unit = np.where(known, features, 0) / np.where(known & (norms > 0), norms, 1)
    return np.ascontiguousarray(unit, np.float32)


def largest(block: npt.NDArray[np.float32], count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """The places of the ``count`` largest values of each row of ``block``, and the values, both (rows, count).

    The largest comes first, and of equal ones that in the lower place. Few values are sorted: the largest ones of
    ``count`` parts of a row show what a value must reach at least.
    """
    rows, columns = block.shape
    parts = min(_PARTS * count, columns)
    highest = np.maximum.reduceat(block, np.arange(parts) * columns // parts, axis=1)
    least = np.partition(highest, parts - count, axis=1)[:, parts - count]
    row, column = np.nonzero(block >= least[:, np.newaxis])
    values = block[row, column]
    order = np.lexsort((column, -values, row))
    first = np.searchsorted(row, np.arange(rows))  # the values are sorted by row already
    chosen = order[first[:, np.newaxis] + np.arange(count)]
    return column[chosen], values[chosen]
