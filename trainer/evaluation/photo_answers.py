"""A model's answers to many photos in little memory: numbers in arrays, objects of them only while they are used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from edge.inference.classifier import SCORE_THRESHOLD, GatedScores
from edge.types import Category, Classification, LabelledPhoto
from trainer.evaluation.score_photos import ScoredPhoto
from trainer.photos.dataset import Photo

MOST_SCORES = 10_000_000
"""Up to so many scores, photos times labels, all are kept. Of more, those of the best labels and of the photo's own."""

BEST = 16
"""How many of the best labels are kept then."""


class PhotoAnswers(Sequence[LabelledPhoto]):
    """The answers to ``photos``, in their order. A photo takes 8 bytes for each score that is kept, and 16 more.

    ``places`` and ``scores`` (photos, kept) are the labels of the scores that are kept, by index, best score first, and
    these scores. Of a photo without an answer the places are -1.
    """

    def __init__(self, photos: Sequence[Photo], labels: Sequence[str]) -> None:
        """No photo has an answer yet; ``labels`` are those of the model."""
        self._photos, self._labels = photos, labels
        count, number = len(photos), len(labels)
        self.is_whole = count * number <= MOST_SCORES
        kept = number if self.is_whole else min(number, BEST + 1)
        self.places = np.full((count, kept), -1, np.int32)
        self.scores = np.zeros((count, kept), np.float32)
        self._latency_ms = np.zeros(count)
        self._familiarity = np.full(count, np.nan)  # not a number: the gate was not asked
        self._errors: dict[int, str | None] = {}

    def put(self, place: int, result: ScoredPhoto, own: int) -> int | None:
        """Keep the ``result`` for the photo at ``place``, whose own label has the index ``own``.

        Returns the index of the best label, None if there is none. Equal scores are ordered as the labels are.
        """
        if result.gated is None:
            self._errors[place] = result.error
            return None
        scores, most = result.gated.scores, self.places.shape[1]
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= SCORE_THRESHOLD]
        if len(order) > most:
            best = order[:most]
            if own not in best and scores[own] >= SCORE_THRESHOLD:
                best[-1] = own
            order = best
        self.places[place, : len(order)] = order
        self.scores[place, : len(order)] = scores[order]
        self._latency_ms[place] = result.latency_ms
        if result.gated.familiarity is not None:
            self._familiarity[place] = result.gated.familiarity
        return int(order[0]) if len(order) else None

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Which photos have an answer: (photos,)."""
        return np.array(self.places[:, 0] >= 0)

    def best(self) -> Iterator[tuple[Photo, str, float]]:
        """Each photo that has an answer, with its best label and that label's score."""
        for place in np.flatnonzero(self.answered).tolist():
            yield self._photos[place], self._labels[self.places[place, 0]], float(self.scores[place, 0])

    def failed(self) -> Iterator[tuple[Photo, str | None]]:
        """Each photo that has no answer, with the reason."""
        for place, error in self._errors.items():
            yield self._photos[place], error

    def __len__(self) -> int:
        """How many photos there are."""
        return len(self._photos)

    @overload
    def __getitem__(self, place: int) -> LabelledPhoto: ...
    @overload
    def __getitem__(self, place: slice) -> list[LabelledPhoto]: ...
    def __getitem__(self, place: int | slice) -> LabelledPhoto | list[LabelledPhoto]:
        """The answer to the photo at ``place``, with the scores that are kept."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        path = self._photos[place].path
        if self.places[place, 0] < 0:
            return LabelledPhoto(path, None, self._errors.get(place))
        categories = tuple(
            Category(index, self._labels[index], score)
            for index, score in zip(self.places[place].tolist(), self.scores[place].tolist(), strict=True)
            if index >= 0
        )
        familiarity = float(self._familiarity[place])
        gated = GatedScores(self.scores[place], None if math.isnan(familiarity) else familiarity)
        answer = Classification(categories, float(self._latency_ms[place]), gated.rejected, gated.familiarity)
        return LabelledPhoto(path, answer)
