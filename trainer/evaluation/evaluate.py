"""What a model file is worth: its labels for photos whose class is known, through the edge package itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError
from edge.inference.label_photos import label_photos
from edge.modelfile.model_file import ModelFile
from edge.types import LabelledPhoto
from trainer.photos.dataset import Photo


@dataclass(frozen=True, eq=False)
class Evaluation:
    """``confusion[i, j]`` counts photos of class ``labels[i]`` that the model called ``labels[j]``.

    ``outcomes`` has what the model said of each photo, in the order of ``photos``; photos that could not be
    decoded carry an error and count nowhere else.
    """

    labels: tuple[str, ...]
    photos: list[Photo]
    outcomes: list[LabelledPhoto]
    confusion: npt.NDArray[np.intp]

    @property
    def count(self) -> int:
        """How many photos were judged."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The fraction of judged photos that were named rightly."""
        return float(np.trace(self.confusion)) / self.count


def evaluate(
    model: ModelFile,
    photos: Sequence[Photo],
    advance: Callable[[int], None] = lambda count: None,
    threads: int | None = None,
    runtime: str | None = None,
) -> Evaluation:
    """Let ``model`` name ``photos`` and compare with their classes.

    Raises :class:`~edge.errors.DatasetError` where a class is not among the model's labels or no photo is
    left to judge.
    """
    index = {label: i for i, label in enumerate(model.labels)}
    strange = sorted({photo.label for photo in photos} - set(index))
    if strange:
        raise DatasetError(f"the model has no label {', '.join(strange)}; its labels: {', '.join(model.labels)}")
    confusion = np.zeros((len(index), len(index)), np.intp)
    outcomes = []
    paths = (photo.path for photo in photos)
    labelled = label_photos(model, paths, threads=threads, runtime=runtime, top_k=len(model.labels))
    for photo, outcome in zip(photos, labelled, strict=True):
        outcomes.append(outcome)
        if outcome.classification is not None:
            confusion[index[photo.label], outcome.classification.categories[0].index] += 1
        advance(1)
    if not confusion.any():
        raise DatasetError("no photo could be judged; give a folder that has photos of the model's classes")
    return Evaluation(model.labels, list(photos), outcomes, confusion)
