"""Whether one model is better than another: a paired comparison on the same photos, with McNemar's test."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.evaluate import Evaluation, evaluate_chosen
from trainer.evaluation.evaluated_photos import (
    ALL,
    NEW,
    EvaluatedPhotos,
    check_split,
    choose_photos,
    has_only_split,
    split_ratios,
)
from trainer.evaluation.grouped_share import grouped_share
from trainer.evaluation.read_photos import read_photos
from trainer.evaluation.seen_photos import SeenPhotos
from trainer.evaluation.shared_classes import SharedClasses
from trainer.groups.modes import GROUPS_AUTO, check_groups
from trainer.photos.dataset import Dataset, Photo
from trainer.photos.layout import AUTO
from trainer.photos.photo_files import Skipped
from trainer.photos.split import TEST, SplitRatios
from trainer.progress import Progress, ProgressLike, as_progress

SIGNIFICANCE = 0.05
"""A difference that chance makes less often than this counts as real."""

_NAMES = ("the first", "the second")


class Disagreement(NamedTuple):
    """A photo that only one of two models labelled correctly."""

    path: str
    label: str
    first: str
    second: str


class Comparison(NamedTuple):
    """The labels of two models for the same ``photos``, of which ``independent`` do not depend on each other.

    ``both`` counts the photos that both labelled correctly, ``only_first`` and ``only_second`` those that only one
    did, ``neither`` the rest. ``first_better`` and ``second_better`` count the groups of photos of which one model
    labelled more correctly than the other. ``p_value`` is the probability of an equal or larger difference of these two
    counts, between two models that are equally good. The accuracies are the fractions of photos that each model
    labelled correctly; each group counts as one photo. ``disagreements`` are the photos that only one model labelled
    correctly, by path relative to the folder, with both labels. ``skipped`` are the files that were not evaluated.
    ``seen`` counts the photos of the folder that each model has seen, None for a model that does not know its photos,
    and ``classes`` says which classes were not compared.
    """

    photos: int
    independent: int
    both: int
    only_first: int
    only_second: int
    neither: int
    first_better: int
    second_better: int
    first_accuracy: float
    second_accuracy: float
    p_value: float
    disagreements: list[Disagreement]
    skipped: list[Skipped]
    seen: tuple[SeenPhotos | None, SeenPhotos | None] = (None, None)
    classes: SharedClasses | None = None

    @property
    def is_significant(self) -> bool:
        """Whether the difference is more than chance, at the usual level of 5 %."""
        return self.p_value < SIGNIFICANCE


def compare(
    first: ModelFile | str | Path,
    second: ModelFile | str | Path,
    photos: Dataset | str | Path,
    *,
    split: str = TEST,
    layout: str = AUTO,
    groups: str = GROUPS_AUTO,
    progress: ProgressLike = None,
) -> Comparison:
    """Let two models label the same ``photos``, a data set or its folder, and compare the labels.

    >>> compare("old.tflite", "new.tflite", "flower_photos").is_significant  # doctest: +SKIP
    True

    ``split``, ``layout`` and ``groups`` are those of :func:`~trainer.evaluation.evaluate.evaluate`. With ``test`` and
    ``unseen`` a photo that one of the models has seen is not compared. A folder is split as the model was trained that
    does not know its photos. The classes are those that both models and the folder share.

    Raises the errors of :func:`~trainer.evaluation.evaluate.evaluate`.
    """
    check_split(split)
    check_groups(groups)
    progress = as_progress(progress)
    models = [model if isinstance(model, ModelFile) else ModelFile.load(model) for model in (first, second)]
    dataset = read_photos(photos, _ratios_of(models), progress, layout=layout, groups=groups)
    chosen = choose_photos(models, dataset, split)
    _report_chosen(chosen, progress)
    evaluations = []
    for place, (given, model) in enumerate(zip((first, second), models, strict=True)):
        name = _NAMES[place]
        stage = f"evaluation {name if isinstance(given, ModelFile) else Path(given).name}"
        evaluations.append(evaluate_chosen(model, dataset, chosen, progress, place=place, stage=stage, name=name))
    return compare_evaluations(*evaluations)


def _ratios_of(models: list[ModelFile]) -> SplitRatios:
    """How the first model was trained of those that know no photos, but their split; else how the first was."""
    split_again = [model for model in models if has_only_split(model)]
    return split_ratios((split_again or models)[0])


def _report_chosen(chosen: EvaluatedPhotos, progress: Progress) -> None:
    message = chosen.classes.message(models=2)
    if message:
        progress.message(message)
    if chosen.background:
        count = len(chosen.background)
        photos = f"{count:,} photo{'s' * (count != 1)} of the class for the rest of the world"
        progress.message(f"{photos}: not compared; trainer evaluate says how a model answers them")
    for name, seen in zip(_NAMES, chosen.seen, strict=True):
        if seen is not None and seen.unseen < seen.photos:
            told = "not compared" if chosen.split in NEW else "its figure is too good"
            if chosen.split in (ALL, *NEW):
                progress.message(f"{seen.text(f'{name} model')}: {told}")


def compare_evaluations(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models' evaluations of the same photos; photos that one of them could not decode are not used.

    The test is McNemar's, exact: if both models are equally good, each disagreement favours either one with
    probability 1/2 (Q. McNemar, 1947). Photos that depend on each other are one witness: their group favours the model
    that labelled more of them correctly. Exchanging the two models inside a group exchanges whom it favours, however
    its photos depend on each other, so this sign test is exact too (W. J. Dixon and A. M. Mood, *The statistical sign
    test*, 1946). If each photo is a group of its own, it is McNemar's test.

    Raises :class:`~edge.errors.DatasetError` if no photo was evaluated by both.
    """
    from scipy.stats import binomtest

    pairs = _answered_by_both(first, second)
    if not pairs:
        raise DatasetError("no photo was evaluated by both models; give a folder of photos of their classes")
    counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
    favours: dict[str, int] = defaultdict(int)
    disagreements = []
    for photo, answers in pairs:
        right = (answers[0] == photo.label, answers[1] == photo.label)
        counts[right] += 1
        favours[photo.group] += right[0] - right[1]
        if right[0] != right[1]:
            disagreements.append(Disagreement(photo.relative, photo.label, *answers))
    first_better, second_better = (sum(sign * value > 0 for value in favours.values()) for sign in (1, -1))
    uneven = first_better + second_better
    accuracies = (
        grouped_share((photo.group, answers[place] == photo.label) for photo, answers in pairs) for place in (0, 1)
    )
    first_accuracy, second_accuracy = (share.right / share.independent for share in accuracies)
    return Comparison(
        photos=len(pairs),
        independent=len(favours),
        both=counts[True, True],
        only_first=counts[True, False],
        only_second=counts[False, True],
        neither=counts[False, False],
        first_better=first_better,
        second_better=second_better,
        first_accuracy=first_accuracy,
        second_accuracy=second_accuracy,
        p_value=float(binomtest(first_better, uneven).pvalue) if uneven else 1.0,
        disagreements=disagreements,
        skipped=sorted({*first.skipped, *second.skipped}),
        seen=(first.seen, second.seen),
        classes=first.classes,
    )


def _answered_by_both(first: Evaluation, second: Evaluation) -> list[tuple[Photo, tuple[str, str]]]:
    assert first.photos == second.photos
    others = {photo: answer.categories[0].label for photo, answer in second.classified()}
    return [
        (photo, (answer.categories[0].label, others[photo])) for photo, answer in first.classified() if photo in others
    ]
