"""Evaluation on every photo: several heads, each fitted without one part of the photos and evaluated on that part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.calibration import fit_temperature
from trainer.head.fit import Matrix, fit_head, softmax
from trainer.one_thread import one_thread
from trainer.photos.dataset import Photo
from trainer.photos.split import GroupedPhoto, split_position, split_units

FOLDS = 5


class CrossValidation(NamedTuple):
    """How many photos were labelled correctly by heads that had not seen them, in ``folds`` parts.

    A group of photos counts as one: ``independent`` is the number of groups among ``photos`` photos, and ``right`` the
    sum, over the groups, of the share labelled correctly. Classes with too few groups do not count. ``scores`` (photos,
    labels) are the probabilities that those heads gave, calibrated, in the order of the data, for all classes.
    """

    right: float
    independent: int
    photos: int
    folds: int
    scores: Matrix

    @property
    def accuracy(self) -> float:
        """The share labelled correctly, 0 to 1."""
        return self.right / self.independent


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


def cross_validate(
    data: Labelled,
    assigned: npt.NDArray[np.intp],
    *,
    folds: int,
    labels: int,
    max_steps: int,
    class_weights: Callable[[npt.NDArray[np.intp]], npt.NDArray[np.float64] | None] = lambda labels: None,
    counted: npt.NDArray[np.bool_] | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> CrossValidation:
    """Fit a head without each of ``folds`` parts of ``data`` and count its correct labels in that part.

    ``counted`` (photos,) is true for the photos that count; None: all. The next part chooses the penalty and the
    temperature; the others train. ``assigned`` (photos,) is from :func:`assign_folds`; ``class_weights`` makes the
    weights from the training labels.
    """
    scores = np.zeros((len(data.labels), labels))
    for fold in range(folds):
        tested, choosing = assigned == fold, assigned == (fold + 1) % folds
        training, validation = data.where(~tested & ~choosing), data.where(choosing)
        head = fit_head(training, validation, labels, max_steps, class_weights(training.labels)).head
        with one_thread():  # the same scores on any number of cores
            temperature = fit_temperature(head.logits(validation.features), validation.labels, validation.weights)
            scores[tested] = softmax(head.logits(data.features[tested]) / temperature)
        advance(1)
    shown = np.ones(len(data.labels), bool) if counted is None else counted
    judged = data.where(shown)
    right = float(judged.right(scores[shown]).sum())
    return CrossValidation(right, judged.independent, len(judged.labels), folds, scores)
