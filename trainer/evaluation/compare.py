"""Whether one model is better than another: a paired comparison on the same photos, with McNemar's test."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.evaluate import Evaluation, evaluate_split
from trainer.evaluation.evaluated_photos import check_split, read_test_set, split_ratios
from trainer.photos.dataset import Dataset
from trainer.photos.folder import Skipped
from trainer.photos.split import TEST
from trainer.progress import ProgressLike, as_progress

SIGNIFICANCE = 0.05
"""A difference that chance makes less often than this counts as real."""


class Disagreement(NamedTuple):
    """A photo that only one of two models labelled correctly."""

    path: str
    label: str
    first: str
    second: str


class Comparison(NamedTuple):
    """The labels of two models for the same ``photos``.

    ``both`` counts the photos that both labelled correctly, ``only_first`` and ``only_second`` those that only one
    did, ``neither`` the rest. ``p_value`` is the probability of an equal or larger difference of the two ``only_``
    counts, between two models that are equally good. ``disagreements`` are the photos that only one model labelled
    correctly, by path relative to the folder, with both labels. ``skipped`` are the files that were not evaluated.
    """

    photos: int
    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    disagreements: list[Disagreement]
    skipped: list[Skipped]

    @property
    def is_significant(self) -> bool:
        """Whether the difference is more than chance, at the usual level of 5 %."""
        return self.p_value < SIGNIFICANCE

    @property
    def first_accuracy(self) -> float:
        """The fraction of photos that the first model labelled correctly."""
        return (self.both + self.only_first) / self.photos

    @property
    def second_accuracy(self) -> float:
        """The fraction of photos that the second model labelled correctly."""
        return (self.both + self.only_second) / self.photos


def compare(
    first: ModelFile | str | Path,
    second: ModelFile | str | Path,
    photos: Dataset | str | Path,
    *,
    split: str = TEST,
    progress: ProgressLike = None,
) -> Comparison:
    """Let two models label the same ``photos``, a data set or its folder, and compare the labels.

    >>> compare("old.tflite", "new.tflite", "flower_photos").is_significant  # doctest: +SKIP
    True

    ``split`` chooses photos, as in :func:`~trainer.evaluation.evaluate.evaluate`; a folder is split as the first model
    was trained. A message says if a model was trained on another split.

    Raises the errors of :func:`~trainer.evaluation.evaluate.evaluate`.
    """
    check_split(split)
    progress = as_progress(progress)
    models = [model if isinstance(model, ModelFile) else ModelFile.load(model) for model in (first, second)]
    dataset = read_test_set(photos, split_ratios(models[0]), progress)
    evaluations = []
    for given, model, name in zip((first, second), models, ("the first", "the second"), strict=True):
        stage = f"evaluation {name if isinstance(given, ModelFile) else Path(given).name}"
        evaluations.append(evaluate_split(model, dataset, split, progress, stage=stage, name=name))
    return compare_evaluations(*evaluations)


def compare_evaluations(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models' evaluations of the same photos; photos that one of them could not decode are not used.

    The test is McNemar's, exact: if both models are equally good, each disagreement favours either one with
    probability 1/2 (Q. McNemar, 1947).

    Raises :class:`~edge.errors.DatasetError` if no photo was evaluated by both.
    """
    from scipy.stats import binomtest

    assert first.photos == second.photos
    counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
    disagreements = []
    second_answers = {photo: answer.categories[0].label for photo, answer in second.classified()}
    for photo, answer in first.classified():
        if photo not in second_answers:
            continue
        answers = (answer.categories[0].label, second_answers[photo])
        right = (answers[0] == photo.label, answers[1] == photo.label)
        counts[right] += 1
        if right[0] != right[1]:
            disagreements.append(Disagreement(photo.relative, photo.label, *answers))
    photos = sum(counts.values())
    if not photos:
        raise DatasetError("no photo was evaluated by both models; give a folder of photos of their classes")
    only_first, only_second = counts[True, False], counts[False, True]
    uneven = only_first + only_second
    p_value = float(binomtest(only_first, uneven).pvalue) if uneven else 1.0
    return Comparison(
        photos=photos,
        both=counts[True, True],
        only_first=only_first,
        only_second=only_second,
        neither=counts[False, False],
        p_value=p_value,
        disagreements=disagreements,
        skipped=sorted({*first.skipped, *second.skipped}),
    )
