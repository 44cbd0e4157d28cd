"""Numbers counted from the labels and scores that a model gave photos whose class is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.grouped_share import GroupedShare, grouped_share
from trainer.evaluation.photo_answers import PhotoAnswers
from trainer.photos.dataset import Photo

_STEPS = 100  # thresholds of a curve between 0 and 1


class ClassMeasure(NamedTuple):
    """One class: its ``photos``, the photos ``labelled`` as it, and how many of these are ``right``, as counts.

    ``recall`` is the share of the photos of this class that got its label, ``precision`` the share of the photos with
    this label that are of this class. In both, photos that depend on each other count as one.
    """

    label: str
    photos: int
    labelled: int
    right: int
    recall: GroupedShare
    precision: GroupedShare


class ConfusedPair(NamedTuple):
    """How many ``photos`` of class ``label`` got the label ``answer``."""

    label: str
    answer: str
    photos: int


class OperatingPoint(NamedTuple):
    """The effect of a ``threshold`` below which a score means unknown.

    ``coverage`` is the share of photos that still get a label, ``precision`` the share of these labels that are
    correct; None if no photo gets one.
    """

    threshold: float
    coverage: float
    precision: float | None


class ScoredPhotos(NamedTuple):
    """``photos`` with their ``scores`` (photos, labels) and the indices ``truths`` (photos,) of their own labels.

    Of very many photos, ``scores`` (photos, kept) are those of some labels alone, whose indices are ``places``: the
    best ones, and the photo's own. A place without a label is -1.
    """

    photos: list[Photo]
    scores: npt.NDArray[np.floating[Any]]
    truths: npt.NDArray[np.intp]
    places: npt.NDArray[np.int32] | None = None

    @property
    def answers(self) -> npt.NDArray[np.intp]:
        """The index of the best label of each photo: (photos,)."""
        return np.asarray(self.label_at(self.scores.argmax(axis=1)))

    @property
    def best(self) -> npt.NDArray[np.floating[Any]]:
        """The best score of each photo: (photos,)."""
        return np.asarray(self.scores.max(axis=1))

    @property
    def own(self) -> npt.NDArray[np.floating[Any]]:
        """The score of each photo's own label: (photos,)."""
        if self.places is None:
            return np.asarray(self.scores[np.arange(len(self.truths)), self.truths])
        return np.asarray(np.where(self.places == self.truths[:, np.newaxis], self.scores, 0).max(axis=1))

    def label_at(self, columns: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The index of the label in one of ``columns`` (photos,) of the scores of each photo: (photos,)."""
        return columns if self.places is None else self.places[np.arange(len(columns)), columns].astype(np.intp)


def class_measures(evaluation: Evaluation) -> list[ClassMeasure]:
    """The measures of every class of ``evaluation`` that has a photo or was given as a label."""
    own: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    given: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for photo, label, _ in evaluation.answered():
        right = (photo.group, label == photo.label)
        own[photo.label].append(right)
        given[label].append(right)
    return [
        ClassMeasure(
            label,
            photos=len(own[label]),
            labelled=len(given[label]),
            right=sum(right for _, right in own[label]),
            recall=grouped_share(own[label]),
            precision=grouped_share(given[label]),
        )
        for label in dict.fromkeys(evaluation.labels)
        if (own[label] or given[label]) and label != evaluation.unknown
    ]


def confused_pairs(confusion: npt.NDArray[np.intp], labels: Sequence[str]) -> list[ConfusedPair]:
    """The pairs of classes that were confused, the most frequent first, then in the order of the labels."""
    rows, columns = np.nonzero(confusion)
    found = [
        ConfusedPair(labels[row], labels[column], int(confusion[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if row != column
    ]
    return sorted(found, key=lambda pair: -pair.photos)


def scored_photos(evaluation: Evaluation) -> ScoredPhotos:
    """The photos of ``evaluation`` that could be decoded, with their scores."""
    if isinstance(evaluation.results, PhotoAnswers) and not evaluation.results.is_whole:
        return _some_scores(evaluation, evaluation.results)
    index = {label: i for i, label in reversed(list(enumerate(evaluation.labels)))}
    scores = np.zeros((evaluation.count, len(evaluation.labels)))
    truths = np.zeros(evaluation.count, np.intp)
    photos: list[Photo] = []
    for row, (photo, answer) in enumerate(evaluation.classified()):
        for category in answer.categories:
            place = index[category.label]  # labels may be equal in a model of another project
            scores[row, place] = max(scores[row, place], category.score)
        truths[row] = index[photo.label]
        photos.append(photo)
    return ScoredPhotos(photos, scores, truths)


def _some_scores(evaluation: Evaluation, answers: PhotoAnswers) -> ScoredPhotos:
    """The photos with the scores that were kept; a label that is equal to one before it counts as that one."""
    first = {label: i for i, label in reversed(list(enumerate(evaluation.labels)))}
    index = np.array([*(first[label] for label in evaluation.labels), -1], np.int32)
    chosen = answers.answered
    photos = [photo for photo, _, _ in evaluation.answered()]
    truths = np.fromiter((first[photo.label] for photo in photos), np.intp, len(photos))
    return ScoredPhotos(photos, answers.scores[chosen], truths, index[answers.places[chosen]])


def are_probabilities(scores: npt.NDArray[np.floating[Any]]) -> bool:
    """Whether all ``scores`` are from 0 to 1; a model of another project may give logits."""
    return bool(np.isfinite(scores).all() and scores.min() >= 0 and scores.max() <= 1)


def operating_point(scored: ScoredPhotos, threshold: float, unknown: int | None = None) -> OperatingPoint:
    """Coverage and precision of ``scored`` photos at ``threshold``.

    A photo whose best label is at ``unknown``, which is the rest of the world, gets no label; None: there is no such.
    """
    return _point(scored.answers, scored.best, scored.truths, threshold, unknown)


def operating_curve(scored: ScoredPhotos, unknown: int | None = None) -> list[OperatingPoint]:
    """Coverage and precision of ``scored`` photos at thresholds from 0 to 1."""
    answers, best = scored.answers, scored.best
    return [_point(answers, best, scored.truths, step / _STEPS, unknown) for step in range(_STEPS + 1)]


def _point(
    answers: npt.NDArray[np.intp],
    best: npt.NDArray[np.floating[Any]],
    truths: npt.NDArray[np.intp],
    threshold: float,
    unknown: int | None,
) -> OperatingPoint:
    answered = (best >= threshold) & (answers != (-1 if unknown is None else unknown))
    right = answers == truths
    precision = float(right[answered].mean()) if answered.any() else None
    return OperatingPoint(threshold, float(answered.mean()), precision)
