"""The nearest neighbours of very many photos: only photos of one cell are compared, so that the time grows as they do.

The cells are those of k-means on the first principal axes of a sample. Each photo is in the cells of its four nearest
centres, so that few pairs of neighbours have a border between them. docs/adr/0030 says how many are found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores, ordered_map
from trainer.groups.neighbours import Neighbours, largest, units

CELL = 512
"""Photos of a cell, on average, if each were in one."""

OWNERS = 4
"""In the cells of so many nearest centres a photo is."""

MOST_IN_CELL = 4096
"""A cell with more photos is cut: photos that are all alike must not take a time that grows with their square."""

_SAMPLE = 20_000  # photos that show the axes and the centres
_AXES, _ROUNDS, _BLOCK = 64, 5, 4096

Floats = npt.NDArray[np.float32]
Read = Callable[[npt.NDArray[np.intp]], Floats]
"""Reads the values of photos, given by their places: (photos, values)."""


class Cells(NamedTuple):
    """A unit vector less ``mean`` (values,) lies at ``axes`` (values, axes) times it, near one of ``centres``."""

    mean: Floats
    axes: Floats
    centres: Floats

    def nearest(self, features: Floats, count: int) -> npt.NDArray[np.intp]:
        """The places of the ``count`` nearest centres of each of ``features`` (photos, values): (photos, count)."""
        points = (units(features) - self.mean) @ self.axes
        distances = (self.centres**2).sum(axis=1) - 2 * points @ self.centres.T
        return largest(-distances, count)[0]


def find_cells(read: Read, photos: int) -> Cells:
    """The cells of ``photos`` photos; call it inside ``one_thread``."""
    count = min(photos, _SAMPLE)
    sample = units(read(np.arange(count) * photos // count))
    mean = sample.mean(axis=0)
    offsets = sample - mean
    _, vectors = np.linalg.eigh(offsets.T @ offsets)
    axes = np.ascontiguousarray(vectors[:, ::-1][:, :_AXES], np.float32)
    points = offsets @ axes
    number = max(1, min(photos // CELL, count // 4))
    cells = Cells(mean, axes, points[np.arange(number) * count // number])
    for _ in range(_ROUNDS):
        nearest = np.concatenate(
            [_own_cell(points[start : start + _BLOCK], cells) for start in range(0, count, _BLOCK)]
        )
        order = np.argsort(nearest, kind="stable")
        held, first = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(points[order], first, axis=0)
        centres = cells.centres.copy()  # a centre that is nearest to no photo stays where it is
        centres[held] = sums / np.diff(np.append(first, count))[:, np.newaxis]
        cells = cells._replace(centres=centres)
    return cells


def _own_cell(points: Floats, cells: Cells) -> npt.NDArray[np.intp]:
    distances = (cells.centres**2).sum(axis=1) - 2 * points @ cells.centres.T
    return np.asarray(distances.argmin(axis=1))


def nearest_in_cells(read: Read, photos: int, count: int) -> Neighbours:
    """The ``count`` nearest neighbours of each of ``photos`` photos among those that share a cell with it.

    If there are fewer, the cosines of the others are -1. The result is the same on any number of cores. Call it inside
    ``one_thread``.
    """
    cells = find_cells(read, photos)
    owners = np.empty((photos, min(OWNERS, len(cells.centres))), np.int32)
    starts = range(0, photos, _BLOCK)

    def own(start: int) -> npt.NDArray[np.intp]:
        return cells.nearest(read(np.arange(start, min(start + _BLOCK, photos))), owners.shape[1])

    for start, found in zip(starts, ordered_map(lambda: own, starts, available_cores()), strict=True):
        owners[start : start + len(found)] = found
    indices = np.zeros((photos, count), np.int32)
    cosines = np.full((photos, count), -1, np.float32)

    def search(members: npt.NDArray[np.intp]) -> Neighbours:
        return _inside(units(read(members)), members, count)

    parts = _members(owners, len(cells.centres))
    for members, inside in zip(parts, ordered_map(lambda: search, parts, available_cores()), strict=True):
        _merge(indices, cosines, members, inside)
    return Neighbours(indices, cosines)


def _members(owners: npt.NDArray[np.int32], cells: int) -> list[npt.NDArray[np.intp]]:
    """The photos of each cell, ascending, by place; those of a large one in parts."""
    order = np.argsort(owners, axis=None, kind="stable") // owners.shape[1]
    ends = np.cumsum(np.bincount(owners.ravel(), minlength=cells))
    parts = []
    for members in np.split(order, ends[:-1]):
        for start in range(0, len(members), MOST_IN_CELL):
            part = members[start : start + MOST_IN_CELL]
            if len(part) > 1:
                parts.append(part)
    return parts


def _inside(unit: Floats, members: npt.NDArray[np.intp], count: int) -> Neighbours:
    """The nearest neighbours of ``members`` among each other, by place."""
    few = min(count, len(members) - 1)
    indices = np.zeros((len(members), few), np.int32)
    cosines = np.empty((len(members), few), np.float32)
    for start in range(0, len(members), CELL):
        block = unit[start : start + CELL] @ unit.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        places, cosines[start : start + CELL] = largest(block, few)
        indices[start : start + CELL] = members[places]
    return Neighbours(indices, cosines)


def _merge(indices: npt.NDArray[np.int32], cosines: Floats, members: npt.NDArray[np.intp], found: Neighbours) -> None:
    """Put what was ``found`` for ``members`` beside what other cells gave; a neighbour of both counts once."""
    both = np.concatenate([indices[members], found.indices], axis=1)
    values = np.concatenate([cosines[members], found.cosines], axis=1)
    order = np.lexsort((-values, both), axis=1)
    sorted_indices = np.take_along_axis(both, order, axis=1)
    again = np.zeros(both.shape, bool)
    again[:, 1:] = sorted_indices[:, 1:] == sorted_indices[:, :-1]
    ranked = np.where(again, np.float32(-1), np.take_along_axis(values, order, axis=1))
    best = np.argsort(-ranked, axis=1, kind="stable")[:, : indices.shape[1]]
    indices[members] = np.take_along_axis(sorted_indices, best, axis=1)
    cosines[members] = np.take_along_axis(ranked, best, axis=1)
