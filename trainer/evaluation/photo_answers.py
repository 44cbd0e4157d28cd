"""A model's answers to many photos in little memory: numbers in arrays, objects of them only while they are used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from edge.types import Category, Classification, LabelledPhoto
from trainer.photos.dataset import Photo

MOST_SCORES = 10_000_000
"""Up to so many scores, photos times labels, all are kept. Of more, those of the best labels and of the photo's own."""

BEST = 16
"""How many of the best labels are kept then."""

_NOT_ASKED, _ACCEPTED, _REJECTED = -1, 0, 1


class PhotoAnswers(Sequence[LabelledPhoto]):
    """The answers to ``photos``, in their order. A photo takes 8 bytes for each score that is kept, and 20 more.

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
        self._gate = np.full(count, _NOT_ASKED, np.int8)
        self._familiarity = np.full(count, np.nan)
        self._errors: dict[int, str | None] = {}

    def put(self, place: int, result: LabelledPhoto, own: int) -> None:
        """Keep the ``result`` for the photo at ``place``, whose own label has the index ``own``."""
        answer = result.classification
        if answer is None:
            self._errors[place] = result.error
            return
        kept = self._kept(answer.categories, own)
        self.places[place, : len(kept)] = [category.index for category in kept]
        self.scores[place, : len(kept)] = [category.score for category in kept]
        self._latency_ms[place] = answer.latency_ms
        if answer.rejected is not None:
            self._gate[place] = _REJECTED if answer.rejected else _ACCEPTED
        if answer.familiarity is not None:
            self._familiarity[place] = answer.familiarity

    def _kept(self, categories: tuple[Category, ...], own: int) -> tuple[Category, ...]:
        most = self.places.shape[1]
        if len(categories) <= most:
            return categories
        best = categories[: most - 1]
        rest = (category for category in categories[most - 1 :] if category.index == own)
        return (*best, next(rest, categories[most - 1]))

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
        gate, familiarity = int(self._gate[place]), float(self._familiarity[place])
        rejected = None if gate == _NOT_ASKED else gate == _REJECTED
        told = None if math.isnan(familiarity) else familiarity
        return LabelledPhoto(path, Classification(categories, float(self._latency_ms[place]), rejected, told))
