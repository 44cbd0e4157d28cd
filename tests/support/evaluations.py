"""Evaluations made of answers, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.types import Category, Classification, LabelledPhoto
from trainer.evaluation.evaluate import Evaluation
from trainer.photos.dataset import Photo


def evaluation_of(
    labels: tuple[str, ...], answers: Sequence[tuple[str, str | None]], groups: Sequence[str] | None = None
) -> Evaluation:
    """A model with ``labels`` that gave photos, each (class, answer), these answers; None could not be decoded.

    ``groups`` has the group of each photo; by default each photo is a group of its own.
    """
    names = [f"{label}/{place}.jpg" for place, (label, _) in enumerate(answers)]
    confusion = np.zeros((len(labels), len(labels)), np.intp)
    photos, results = [], []
    for name, group, (label, answer) in zip(names, groups or names, answers, strict=True):
        photos.append(Photo(Path(name), name, label, b"", "test", group))
        if answer is None:
            results.append(LabelledPhoto(Path(name), None, "damaged"))
            continue
        confusion[labels.index(label), labels.index(answer)] += 1
        categories = (Category(labels.index(answer), answer, 0.9),)
        results.append(LabelledPhoto(Path(name), Classification(categories, 1.0)))
    return Evaluation(labels, photos, results, confusion)


def evaluation_with(labels: tuple[str, ...], confusion: npt.NDArray[np.intp]) -> Evaluation:
    """The same with the counts of ``confusion`` (labels, labels); each photo is a group of its own."""
    pairs = [
        (label, answer)
        for row, label in enumerate(labels)
        for column, answer in enumerate(labels)
        for _ in range(confusion[row, column])
    ]
    return evaluation_of(labels, pairs)
