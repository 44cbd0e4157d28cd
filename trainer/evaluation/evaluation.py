"""The result of an evaluation: a model's labels for photos whose class is known, and what they amount to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edge.types import Classification, LabelledPhoto
from trainer.evaluation.background import BackgroundAnswers
from trainer.evaluation.evaluated_photos import ALL, NEW
from trainer.evaluation.grouped_share import GroupedShare, grouped_share
from trainer.evaluation.interval import Interval
from trainer.evaluation.photo_answers import PhotoAnswers
from trainer.evaluation.seen_photos import SeenPhotos
from trainer.evaluation.shared_classes import SharedClasses
from trainer.evaluation.strangers import Strangers
from trainer.photos.photo import Photo
from trainer.photos.photo_files import Skipped


@dataclass(frozen=True, eq=False)
class Evaluation:
    """``confusion[i, j]`` counts the photos of class ``labels[i]`` that the model labelled ``labels[j]``.

    ``results`` has the model's answer for each photo, in the order of ``photos``; photos that could not be decoded have
    an error there and are not counted. The latency of an answer that was found from a cached bottleneck is not a
    number. Labels and classes are in Unicode's composed form. ``split`` says which photos these are: ``unseen``,
    ``all`` or one split. ``skipped`` are the files that were not evaluated, ``classes`` says which classes were not.
    ``trained_on_these`` is true if the model was trained on photos of this folder; ``seen`` counts them, None if the
    model does not know its photos. ``strangers`` says how the model answers pictures of other things, None if there are
    none. ``unknown`` is the one of ``labels`` that stands for the rest of the world: no photo here is of it, and a
    photo that got it is labelled wrongly. ``background`` says how the model answers the photos in a folder of that
    name, None if there are none.

    Photos that depend on each other count as one in accuracy and interval: each photo of a group of n has the weight
    1 / n.
    """

    labels: tuple[str, ...]
    photos: list[Photo]
    results: Sequence[LabelledPhoto]
    confusion: npt.NDArray[np.intp]
    split: str = ALL
    skipped: list[Skipped] = field(default_factory=list)
    trained_on_these: bool = False
    seen: SeenPhotos | None = None
    classes: SharedClasses | None = None
    strangers: Strangers | None = None
    unknown: str | None = None
    background: BackgroundAnswers | None = None

    @property
    def answered_unknown(self) -> int:
        """How many photos of the classes got the label :attr:`unknown`."""
        return 0 if self.unknown is None else int(self.confusion[:, self.labels.index(self.unknown)].sum())

    @property
    def count(self) -> int:
        """How many photos were evaluated."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many photos were labelled correctly."""
        return int(np.trace(self.confusion))

    @cached_property
    def grouped(self) -> GroupedShare:
        """The sum of the weights of the photos that were labelled correctly, and the number of groups."""
        return grouped_share((photo.group, label == photo.label) for photo, label, _ in self.answered())

    @property
    def decoded(self) -> npt.NDArray[np.bool_]:
        """Which of the photos could be decoded: (photos,)."""
        if isinstance(self.results, PhotoAnswers):
            return self.results.answered
        return np.array([result.classification is not None for result in self.results], bool)

    @property
    def failed(self) -> list[Skipped]:
        """The photos that could not be decoded."""
        if isinstance(self.results, PhotoAnswers):
            return [Skipped(photo.relative, error) for photo, error in self.results.failed() if error]
        results = zip(self.photos, self.results, strict=True)
        return [Skipped(photo.relative, result.error) for photo, result in results if result.error]

    @property
    def independent(self) -> int:
        """How many of the evaluated photos do not depend on each other: the number of groups."""
        return self.grouped.independent

    @property
    def accuracy(self) -> float:
        """The fraction of evaluated photos that were labelled correctly; each group counts as one photo."""
        return self.grouped.right / self.grouped.independent

    @property
    def interval(self) -> Interval:
        """Two fractions between which the accuracy on other photos like these lies with 95 % confidence."""
        return self.grouped.interval

    @property
    def has_seen_them(self) -> bool:
        """Whether the model was trained on some of these photos."""
        return self.trained_on_these and self.split not in NEW

    def answered(self) -> Iterator[tuple[Photo, str, float]]:
        """The photos that could be decoded, each with its best label and that label's score."""
        if isinstance(self.results, PhotoAnswers):
            yield from self.results.best()
            return
        for photo, answer in self.classified():
            yield photo, answer.categories[0].label, answer.categories[0].score

    def classified(self) -> Iterator[tuple[Photo, Classification]]:
        """The photos that could be decoded, each with the model's answer.

        Of very many photos, an answer has the best labels and that of the photo's class alone: see
        :data:`~trainer.evaluation.photo_answers.MOST_SCORES`.
        """
        for photo, result in zip(self.photos, self.results, strict=True):
            if result.classification is not None:
                yield photo, result.classification
