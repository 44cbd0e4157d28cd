"""Evaluation of a model file: its labels for photos whose class is known, computed by the edge package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.errors import DatasetError
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.background import evaluate_background
from trainer.evaluation.evaluated_photos import (
    ALL,
    NEW,
    UNSEEN,
    EvaluatedPhotos,
    check_split,
    choose_photos,
    is_split_of,
    split_ratios,
)
from trainer.evaluation.evaluation import Evaluation as Evaluation
from trainer.evaluation.photo_answers import PhotoAnswers
from trainer.evaluation.read_photos import read_photos
from trainer.evaluation.score_photos import ScoredPhoto, score_photos
from trainer.evaluation.shared_classes import composed
from trainer.evaluation.strangers import evaluate_strangers, find_strangers, has_gate
from trainer.groups.modes import GROUPS_AUTO, check_groups
from trainer.photos.dataset import Dataset, Photo, dataset_fingerprint
from trainer.photos.layout import AUTO
from trainer.photos.photo_files import Skipped
from trainer.progress import Progress, ProgressLike, as_progress


def evaluate(
    model: ModelFile | str | Path,
    photos: Dataset | str | Path,
    *,
    split: str = UNSEEN,
    layout: str = AUTO,
    groups: str = GROUPS_AUTO,
    labels: str | Path | None = None,
    strangers: str | Path | None = None,
    runtime: str | None = None,
    progress: ProgressLike = None,
) -> Evaluation:
    """Let ``model``, a model file or its path, label ``photos``, a data set or its folder.

    >>> evaluate("flowers.tflite", "flower_photos").accuracy  # doctest: +SKIP
    0.887

    ``split`` chooses photos: ``unseen`` are those that the model has not seen, ``all`` are all, and ``training``,
    ``validation`` and ``test`` are those of the model's training; see
    :func:`~trainer.evaluation.evaluated_photos.choose_photos`. ``unseen`` are all photos for a model that does not
    know its photos; a folder is then split as the model was trained, unless its ``layout`` gives a split. ``layout``
    is the argument of :meth:`Dataset.from_folder`. ``groups`` says how photos of a folder that depend on each other
    are found: ``off``: not at all; by their ``names``; or ``auto``: by names and pixels. ``labels`` is the label file
    of a model that has no labels. ``strangers`` is a folder of pictures of other things, at any depth, which the model
    answers too. Classes that the model has no label for are not evaluated. Messages say what was not evaluated.

    Raises :class:`~edge.errors.ModelError` for a damaged model, :class:`~edge.errors.DatasetError` if model and folder
    share no class or no photo can be evaluated, and :class:`~edge.errors.UsageError` for an unknown split. For
    ``strangers`` without a picture that can be used, :class:`~edge.errors.DatasetError`.
    """
    check_split(split)
    check_groups(groups)
    progress = as_progress(progress)
    loaded = model if isinstance(model, ModelFile) else ModelFile.load(model, labels)
    dataset = read_photos(photos, split_ratios(loaded), progress, layout=layout, groups=groups)
    chosen = choose_photos([loaded], dataset, split)
    _report_chosen(chosen, progress)
    if strangers is None:
        return _with_background(
            evaluate_chosen(loaded, dataset, chosen, progress, runtime=runtime), loaded, chosen, progress, runtime
        )
    strange = find_strangers(loaded, Path(strangers), dataset.root, chosen.classes.photos, progress)
    evaluation = evaluate_chosen(loaded, dataset, chosen, progress, runtime=runtime, reject=has_gate(loaded))
    evaluation = _with_background(evaluation, loaded, chosen, progress, runtime)
    # Two labels are enough: one of them is not the rest of the world.
    known = [(photo, answer._replace(categories=answer.categories[:2])) for photo, answer in evaluation.classified()]
    return replace(evaluation, strangers=evaluate_strangers(loaded, strange, known, progress, runtime=runtime))


def _with_background(
    evaluation: Evaluation, model: ModelFile, chosen: EvaluatedPhotos, progress: Progress, runtime: str | None
) -> Evaluation:
    if not chosen.background:
        return evaluation
    with progress.stage("rest of the world", len(chosen.background)) as advance:
        return replace(evaluation, background=evaluate_background(model, chosen.background, advance, runtime=runtime))


def _report_chosen(chosen: EvaluatedPhotos, progress: Progress) -> None:
    message = chosen.classes.message()
    if message:
        progress.message(message)
    (seen,) = chosen.seen
    if seen is None or seen.unseen == seen.photos:
        return
    if chosen.split in NEW:
        progress.message(f"{seen.text('the model')}: not evaluated; --split all evaluates them too")
    elif chosen.split == ALL:
        others = (
            f"--split unseen evaluates the other {seen.unseen:,}" if seen.unseen else "give photos that are new to it"
        )
        progress.message(f"{seen.text('the model')}: the figures are too good; {others}")


def evaluate_chosen(
    model: ModelFile,
    dataset: Dataset,
    chosen: EvaluatedPhotos,
    progress: Progress,
    *,
    place: int = 0,
    stage: str = "evaluation",
    name: str = "the model",
    runtime: str | None = None,
    reject: bool = False,
) -> Evaluation:
    """Let ``model``, the one at ``place`` of those for which photos of ``dataset`` were ``chosen``, label these.

    ``stage`` is the name of the stage in ``progress``. If ``model`` was trained on another split, a message says so, in
    which the model is called ``name``. With ``reject`` each answer has that of the model's gate too.

    Raises the errors of :func:`evaluate_photos`.
    """
    seen = chosen.seen[place]
    if chosen.split_again and seen is None and not is_split_of(model, dataset):
        progress.message(
            f"the photos are split in another way than for the training of {name}; "
            f"{name} may have been trained on these photos"
        )
    with progress.stage(stage, len(chosen.photos)) as advance:
        evaluation = evaluate_photos(model, chosen.photos, advance, runtime=runtime, reject=reject)
    failed = evaluation.failed
    return replace(
        evaluation,
        split=chosen.split,
        skipped=[*dataset.skipped, *failed],
        trained_on_these=_trained_on(model, dataset, failed) if seen is None else seen.trained > 0,
        seen=seen,
        classes=chosen.classes,
    )


def _trained_on(model: ModelFile, dataset: Dataset, failed: list[Skipped]) -> bool:
    """Whether a model that does not know its photos was trained on exactly these."""
    lost = {entry.path for entry in failed}
    decoded = dataset._replace(photos=[photo for photo in dataset.photos if photo.relative not in lost])
    trained_on = model.manifest and model.manifest.provenance.dataset_sha256
    return trained_on == dataset_fingerprint(decoded)


def evaluate_photos(
    model: ModelFile,
    photos: Sequence[Photo],
    advance: Callable[[int], None] = lambda count: None,
    *,
    threads: int | None = None,
    runtime: str | None = None,
    reject: bool = False,
    scored: Iterable[ScoredPhoto] | None = None,
) -> Evaluation:
    """Let ``model`` label ``photos`` and compare with the classes; ``advance`` is called with 1 for each photo.

    The class of each photo must be one of the labels. The model may answer any of its labels: an answer outside the
    classes of ``photos`` is wrong. With ``reject``, each answer has that of the model's gate too. ``scored`` is what
    the model gives each photo, if that is known without reading the photos.

    Raises :class:`~edge.errors.DatasetError` if no photo can be evaluated.
    """
    labels = tuple(composed(label) for label in model.labels)
    index = {label: place for place, label in reversed(list(enumerate(labels)))}  # the first place of equal labels
    photos = [
        photo if composed(photo.label) == photo.label else photo._replace(label=composed(photo.label))
        for photo in photos
    ]
    confusion = np.zeros((len(labels), len(labels)), np.intp)
    answers = PhotoAnswers(photos, labels)
    if scored is None:
        paths = (photo.path for photo in photos)
        scored = score_photos(model, paths, threads=threads, runtime=runtime, reject=reject)
    for place, (photo, result) in enumerate(zip(photos, scored, strict=True)):
        own = index[photo.label]
        best = answers.put(place, result, own)
        if best is not None:
            confusion[own, index[labels[best]]] += 1
        advance(1)
    if not confusion.any():
        raise DatasetError("no photo can be evaluated; give a folder that has photos of the model's classes")
    unknown = None if model.unknown_label is None else composed(model.unknown_label)
    return Evaluation(labels, photos, answers, confusion, unknown=unknown)
