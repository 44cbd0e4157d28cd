"""The nearest neighbours of each photo by the cosine of their bottlenecks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map
from trainer.one_thread import one_thread

BLOCK = 512
"""How many photos are compared with all others at a time: memory grows with the number of photos, not its square."""


class Neighbours(NamedTuple):
    """For each photo the indices of its nearest others, nearest first, and their cosines; both (photos, count)."""

    indices: npt.NDArray[np.intp]
    cosines: npt.NDArray[np.float32]


def nearest(features: npt.NDArray[np.float32], count: int) -> Neighbours:
    """The ``count`` nearest neighbours of each row of ``features`` (photos, values), fewer if there are fewer photos.

    The result is the same on any number of cores. Of equal cosines the lower index comes first. A row of zeros has
    cosine 0 with every other one.
    """
    photos = len(features)
    count = min(count, photos - 1)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.ascontiguousarray(features / np.where(norms > 0, norms, 1), np.float32)
    indices = np.zeros((photos, max(count, 0)), np.intp)
    cosines = np.zeros((photos, max(count, 0)), np.float32)
    if count < 1:
        return Neighbours(indices, cosines)

    def search(start: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        block = unit[start : start + BLOCK] @ unit.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        found = np.argpartition(-block, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(block, found, axis=1)
        last = values.min(axis=1, keepdims=True)
        for row in np.nonzero((block == last).sum(axis=1) > (values == last).sum(axis=1))[0]:
            nearer = np.flatnonzero(block[row] > last[row])  # of equal ones, the partition took any
            found[row] = np.concatenate([nearer, np.flatnonzero(block[row] == last[row])[: count - len(nearer)]])
        values = np.take_along_axis(block, found, axis=1)
        order = np.lexsort((found, -values))
        return np.take_along_axis(found, order, axis=1), np.take_along_axis(values, order, axis=1)

    starts = range(0, photos, BLOCK)
    with one_thread():
        for start, found in zip(starts, ordered_map(lambda: search, starts, available_cores()), strict=True):
            indices[start : start + BLOCK], cosines[start : start + BLOCK] = found
    return Neighbours(indices, cosines)
