"""Evaluation of a model file: its labels for photos whose class is known, computed by the edge package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError
from edge.inference.label_photos import label_photos
from edge.modelfile.model_file import ModelFile
from edge.types import Classification, LabelledPhoto
from trainer.evaluation.evaluated_photos import ALL, check_split, photos_of, read_test_set, split_ratios
from trainer.evaluation.interval import Interval, wilson_interval
from trainer.photos.dataset import Dataset, Photo, dataset_fingerprint
from trainer.photos.folder import Skipped
from trainer.photos.split import TEST
from trainer.progress import Progress, ProgressLike, as_progress


@dataclass(frozen=True, eq=False)
class Evaluation:
    """``confusion[i, j]`` counts the photos of class ``labels[i]`` that the model labelled ``labels[j]``.

    ``results`` has the model's answer for each photo, in the order of ``photos``; photos that could not be decoded have
    an error there and are not counted. ``split`` says which photos these are: ``all`` or one split. ``skipped`` are the
    files that were not evaluated. ``trained_on_these`` is true if the model was trained on photos of the same data set.
    """

    labels: tuple[str, ...]
    photos: list[Photo]
    results: list[LabelledPhoto]
    confusion: npt.NDArray[np.intp]
    split: str = ALL
    skipped: list[Skipped] = field(default_factory=list)
    trained_on_these: bool = False

    @property
    def count(self) -> int:
        """How many photos were evaluated."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many photos were labelled correctly."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """The fraction of evaluated photos that were labelled correctly."""
        return self.right / self.count

    @property
    def interval(self) -> Interval:
        """Two fractions between which the accuracy on other photos like these lies with 95 % confidence."""
        return wilson_interval(self.right, self.count)

    @property
    def has_seen_them(self) -> bool:
        """Whether the model was trained on some of these photos."""
        return self.trained_on_these and self.split != TEST

    def classified(self) -> Iterator[tuple[Photo, Classification]]:
        """The photos that could be decoded, each with the model's answer."""
        for photo, result in zip(self.photos, self.results, strict=True):
            if result.classification is not None:
                yield photo, result.classification


def evaluate(
    model: ModelFile | str | Path,
    photos: Dataset | str | Path,
    *,
    split: str = ALL,
    labels: str | Path | None = None,
    runtime: str | None = None,
    progress: ProgressLike = None,
) -> Evaluation:
    """Let ``model``, a model file or its path, label ``photos``, a data set or its folder.

    >>> evaluate("flowers.tflite", "flower_photos", split="test").accuracy  # doctest: +SKIP
    0.887

    ``split`` chooses photos: ``all``, ``training``, ``validation`` or ``test``. A folder is split as the model was
    trained; a data set has its own split. ``labels`` is the label file of a model that has no labels.

    Raises :class:`~edge.errors.ModelError` for a damaged model, :class:`~edge.errors.DatasetError` if a class is not
    among the model's labels or no photo can be evaluated, and :class:`~edge.errors.UsageError` for an unknown split.
    """
    check_split(split)
    progress = as_progress(progress)
    loaded = model if isinstance(model, ModelFile) else ModelFile.load(model, labels)
    dataset = read_test_set(photos, split_ratios(loaded), progress)
    return evaluate_split(loaded, dataset, split, progress, runtime=runtime)


def evaluate_split(
    model: ModelFile,
    dataset: Dataset,
    split: str,
    progress: Progress,
    *,
    stage: str = "evaluation",
    name: str = "the model",
    runtime: str | None = None,
) -> Evaluation:
    """Let ``model`` label the photos of ``dataset`` in ``split``.

    ``split`` is one of :data:`~trainer.evaluation.evaluated_photos.EVALUATED`, ``stage`` the name of the stage in
    ``progress``. If ``model`` was trained on another split, a message says so, in which the model is called ``name``.

    Raises the errors of :func:`evaluate_photos`.
    """
    if split != ALL and split_ratios(model) != dataset.ratios:
        progress.message(
            f"the photos are split in another way than for the training of {name}; "
            f"{name} may have been trained on these photos"
        )
    chosen = photos_of(dataset, split)
    with progress.stage(stage, len(chosen)) as advance:
        evaluation = evaluate_photos(model, chosen, advance, runtime=runtime)
    failed = [Skipped(p.relative, r.error) for p, r in zip(chosen, evaluation.results, strict=True) if r.error]
    lost = {entry.path for entry in failed}
    decoded = dataset._replace(photos=[photo for photo in dataset.photos if photo.relative not in lost])
    trained_on = model.manifest and model.manifest.provenance.dataset_sha256
    return replace(
        evaluation,
        split=split,
        skipped=[*dataset.skipped, *failed],
        trained_on_these=trained_on == dataset_fingerprint(decoded),
    )


def evaluate_photos(
    model: ModelFile,
    photos: Sequence[Photo],
    advance: Callable[[int], None] = lambda count: None,
    *,
    threads: int | None = None,
    runtime: str | None = None,
) -> Evaluation:
    """Let ``model`` label ``photos`` and compare with the classes; ``advance`` is called with 1 for each photo.

    Raises :class:`~edge.errors.DatasetError` if a class is not among the model's labels or no photo can be evaluated.
    """
    index = {label: i for i, label in enumerate(model.labels)}
    unknown = sorted({photo.label for photo in photos} - set(index))
    if unknown:
        raise DatasetError(f"the model has no label {', '.join(unknown)}; its labels: {', '.join(model.labels)}")
    confusion = np.zeros((len(index), len(index)), np.intp)
    results = []
    paths = (photo.path for photo in photos)
    labelled = label_photos(model, paths, threads=threads, runtime=runtime, top_k=len(model.labels))
    for photo, result in zip(photos, labelled, strict=True):
        results.append(result)
        if result.classification is not None:
            confusion[index[photo.label], result.classification.categories[0].index] += 1
        advance(1)
    if not confusion.any():
        raise DatasetError("no photo can be evaluated; give a folder that has photos of the model's classes")
    return Evaluation(model.labels, list(photos), results, confusion)
