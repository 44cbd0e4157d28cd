"""Photos in parts: each part is evaluated by heads that are fitted on the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.parallel import available_cores
from trainer.bottlenecks.labelled import Labelled
from trainer.photos.dataset import Photo
from trainer.photos.split import GroupedPhoto, split_position, split_units

FOLDS = 5

_BYTES = 16  # of each value of a photo while a head is fitted: the value in both precisions, and standardised
_MOST_MEMORY = 500_000_000  # bytes


class Folds(NamedTuple):
    """The bottlenecks ``data`` of photos in ``number`` parts, and how heads are fitted on some of the parts.

    ``assigned`` (photos,) is the part of each photo, from :func:`assign_folds`. ``labels`` is the number of classes,
    ``max_steps`` the largest number of L-BFGS iterations; ``class_weights`` makes the weights of the classes from the
    labels of the photos that train. ``counted`` (photos,) is true for the photos that count; None: all.
    """

    data: Labelled
    assigned: npt.NDArray[np.intp]
    number: int
    labels: int
    max_steps: int
    class_weights: Callable[[npt.NDArray[np.intp]], npt.NDArray[np.float64] | None] = lambda labels: None
    counted: npt.NDArray[np.bool_] | None = None

    @property
    def together(self) -> int:
        """How many heads may be fitted at the same time: one on each core, as far as their photos fit into memory."""
        photos = self.data.features.size * _BYTES
        return max(1, min(available_cores(), self.number, _MOST_MEMORY // max(photos, 1)))

    @property
    def shown(self) -> npt.NDArray[np.bool_]:
        """Which photos count: (photos,)."""
        return np.ones(len(self.data.labels), bool) if self.counted is None else self.counted


def assign_folds(photos: Sequence[Photo], seed: int) -> tuple[npt.NDArray[np.intp], int]:
    """The part of each photo, (photos,) int, and the number of parts: five, or three or four if a class is small.

    Photos of one group stay together, unless their class has too few groups: see
    :func:`~trainer.photos.split.split_units`. The units of each class go to the parts in turn, in the order of
    :func:`~trainer.photos.split.split_position`, so every part has photos of every class. A unit with photos of several
    classes goes where the first of these classes puts it.
    """
    units: dict[str, list[int]] = defaultdict(list)
    classes: dict[str, dict[str, None]] = defaultdict(dict)
    grouped = [GroupedPhoto(photo.relative, photo.label, photo.group) for photo in photos]
    for index, unit in enumerate(split_units(grouped)):
        units[unit].append(index)
        classes[photos[index].label][unit] = None
    folds = max(3, min(FOLDS, *(len(members) for members in classes.values())))
    assigned = np.full(len(photos), -1, np.intp)
    for label in sorted(classes):
        ordered = sorted(classes[label], key=lambda unit: (split_position(unit, seed), unit))
        used = [assigned[units[unit][0]] for unit in ordered if assigned[units[unit][0]] >= 0]
        counts = np.bincount(np.array(used, np.intp), minlength=folds)
        for unit in ordered:
            if assigned[units[unit][0]] < 0:
                part = int(counts.argmin())
                assigned[units[unit]] = part
                counts[part] += 1
    return assigned, folds
