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
from trainer.photos.split import photo_group, split_position

FOLDS = 5


class CrossValidation(NamedTuple):
    """How many of ``photos`` photos were labelled correctly by heads that had not seen them, in ``folds`` parts.

    ``scores`` (photos, labels) are the probabilities that those heads gave, calibrated, in the order of the data.
    """

    right: int
    photos: int
    folds: int
    scores: Matrix


def assign_folds(photos: Sequence[Photo], seed: int) -> tuple[npt.NDArray[np.intp], int]:
    """The part of each photo, (photos,) int, and the number of parts: five, or three or four if a class is small.

    The photos of each class go to the parts in turn, in the order of :func:`~trainer.photos.split.split_position`. So
    every part has photos of every class. Photos of one group stay together.
    """
    groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, photo in enumerate(photos):
        groups[photo.label][photo_group(photo.relative)].append(index)
    folds = max(3, min(FOLDS, *(len(members) for members in groups.values())))
    assigned = np.zeros(len(photos), np.intp)
    for members in groups.values():
        ordered = sorted(members, key=lambda group: (split_position(group, seed), group))
        for rank, group in enumerate(ordered):
            assigned[members[group]] = rank % folds
    return assigned, folds


def cross_validate(
    data: Labelled,
    assigned: npt.NDArray[np.intp],
    *,
    folds: int,
    labels: int,
    max_steps: int,
    class_weights: Callable[[npt.NDArray[np.intp]], npt.NDArray[np.float64] | None] = lambda labels: None,
    advance: Callable[[int], None] = lambda count: None,
) -> CrossValidation:
    """Fit a head without each of ``folds`` parts of ``data`` and count its correct labels in that part.

    The next part chooses the penalty and the temperature; the others train. ``assigned`` (photos,) is from
    :func:`assign_folds`; ``class_weights`` makes the weights from the training labels.
    """
    scores = np.zeros((len(data.labels), labels))
    for fold in range(folds):
        tested, choosing = assigned == fold, assigned == (fold + 1) % folds
        training = Labelled(data.features[~tested & ~choosing], data.labels[~tested & ~choosing])
        validation = Labelled(data.features[choosing], data.labels[choosing])
        head = fit_head(training, validation, labels, max_steps, class_weights(training.labels)).head
        with one_thread():  # the same scores on any number of cores
            temperature = fit_temperature(head.logits(validation.features), validation.labels)
            scores[tested] = softmax(head.logits(data.features[tested]) / temperature)
        advance(1)
    right = int((scores.argmax(axis=1) == data.labels).sum())
    return CrossValidation(right, len(data.labels), folds, scores)
