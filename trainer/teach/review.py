"""The photos of a session for review: what the model says of each, in the order and choice that a user asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.sinks.capture.sink import UNSURE_BELOW, UNSURE_MARGIN
from trainer.head.linear import Head, softmax
from trainer.teach.state import CLASS, Answer, TaughtPhoto

UNSURE, DISAGREES, NEW, FOLDED, DOUBTFUL = FILTERS = ("unsure", "disagrees", "new", "folded", "doubtful")
"""Photos of which the model is unsure; that it takes for another class; that came in this session; that were recorded
with others in one hold; and those that are perhaps in the wrong class."""

NEWEST, OLDEST, MOST_DOUBTFUL = ORDERS = ("newest", "oldest", "doubtful")

NEIGHBOURS = 8
"""How many of the nearest photos are shown beside a photo."""


class ReviewedPhoto(NamedTuple):
    """A photo with the model's ``answer`` (None before there is one).

    ``hold_photos`` is the number of photos of its hold that lie in the same place. ``doubtful`` is the score of another
    class, 0 to 1, if its class is doubtful.
    """

    photo: TaughtPhoto
    answer: Answer | None
    unsure: bool
    hold_photos: int
    doubtful: float | None


class Neighbour(NamedTuple):
    """A photo of a class near another photo, and the cosine of their bottlenecks."""

    photo: TaughtPhoto
    cosine: float


class PhotoScores:
    """The scores of photos with one head: ``ids`` and their bottlenecks ``features`` (photos, values)."""

    def __init__(
        self, head: Head, labels: Sequence[str], ids: Sequence[str], features: npt.NDArray[np.float32]
    ) -> None:
        """Compute the scores of all photos."""
        self._labels = labels
        self._rows = {id_: row for row, id_ in enumerate(ids)}
        self._scores = softmax(head.logits(features)) if len(ids) else np.zeros((0, len(labels)))
        order = np.argsort(-self._scores, axis=1, kind="stable")[:, :2]
        self._best = order[:, 0].tolist()
        self._highest = np.take_along_axis(self._scores, order, axis=1).tolist()

    def answer(self, id_: str) -> tuple[Answer, bool] | None:
        """The best label of a photo and whether the model is unsure of it; None if the photo is not one of these."""
        row = self._rows.get(id_)
        if row is None:
            return None
        best, second = self._highest[row]
        return Answer(self._labels[self._best[row]], best), best < UNSURE_BELOW or best - second < UNSURE_MARGIN

    def scores(self, id_: str) -> list[Answer]:
        """The score of every label for a photo, the best first; empty if the photo is not one of these."""
        row = self._rows.get(id_)
        if row is None:
            return []
        order = np.argsort(-self._scores[row], kind="stable")
        return [Answer(self._labels[index], float(self._scores[row, index])) for index in order]


def review(
    photos: Iterable[TaughtPhoto], scores: PhotoScores | None, doubtful: Mapping[str, float]
) -> list[ReviewedPhoto]:
    """What is known of each of ``photos``; ``doubtful`` has the score of another class by id."""
    photos = list(photos)
    holds = Counter((photo.place, photo.hold) for photo in photos if photo.hold)
    reviewed = []
    for photo in photos:
        answer, unsure = (scores and scores.answer(photo.id)) or (None, False)
        together = holds[photo.place, photo.hold] if photo.hold else 1
        reviewed.append(ReviewedPhoto(photo, answer, unsure, together, doubtful.get(photo.id)))
    return reviewed


def chosen(reviewed: Iterable[ReviewedPhoto], name: str | None, before: Collection[str]) -> list[ReviewedPhoto]:
    """Those that the filter ``name`` takes, None: all. Photos whose id is not one of ``before`` are new.

    Of a hold, the filter :data:`FOLDED` takes all photos but the first.
    """
    if name == FOLDED:
        return _later_of_holds(reviewed)
    takes: Callable[[ReviewedPhoto], bool] = {
        None: lambda one: True,
        UNSURE: lambda one: one.unsure,
        DISAGREES: lambda one: (
            one.photo.place == CLASS and one.answer is not None and one.answer.label != one.photo.label
        ),
        NEW: lambda one: one.photo.id not in before,
        DOUBTFUL: lambda one: one.doubtful is not None,
    }[name]
    return [one for one in reviewed if takes(one)]


def _later_of_holds(reviewed: Iterable[ReviewedPhoto]) -> list[ReviewedPhoto]:
    first: set[tuple[str, str]] = set()
    found = []
    for one in reviewed:
        if one.photo.hold is not None:
            hold = one.photo.place, one.photo.hold
            if hold in first:
                found.append(one)
            first.add(hold)
    return found


def in_order(reviewed: Iterable[ReviewedPhoto], order: str) -> list[ReviewedPhoto]:
    """``reviewed`` in one of :data:`ORDERS`; photos that are not doubtful come after the others, the newest first."""
    newest = sorted(reviewed, key=lambda one: (-one.photo.added_s, one.photo.relative))
    if order == OLDEST:
        return newest[::-1]
    if order == MOST_DOUBTFUL:
        return sorted(newest, key=lambda one: -1.0 if one.doubtful is None else -1.0 - one.doubtful)
    return newest


def neighbours(
    photo: TaughtPhoto, row: npt.NDArray[np.float32], others: Sequence[TaughtPhoto], rows: npt.NDArray[np.float32]
) -> list[Neighbour]:
    """The nearest of ``others``, by the cosine of the bottlenecks ``row`` (values,) and ``rows`` (others, values)."""
    if not len(others):
        return []
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(row)
    cosines = rows @ row / np.maximum(lengths, 1e-12)
    order = [index for index in np.argsort(-cosines, kind="stable") if others[index].id != photo.id]
    return [Neighbour(others[index], float(cosines[index])) for index in order[:NEIGHBOURS]]
