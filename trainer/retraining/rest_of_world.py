"""The class for the rest of the world in ``trainer retrain``: its photos, set apart, and what else teaches it."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError, UsageError
from edge.shorten import shorten
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.remembered import Remembered
from trainer.evaluation.shared_classes import composed
from trainer.groups.modes import GROUPS_AUTO
from trainer.head.standardisation import Features
from trainer.one_thread import one_thread
from trainer.photos.dataset import Dataset
from trainer.photos.photo_files import PhotoFile, PhotoFolder
from trainer.photos.split import TRAINING
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.unknown.background import Background, list_background, read_background
from trainer.unknown.class_photos import like_a_class
from trainer.unknown.column import MOST_KNOWN
from trainer.unknown.copies import find_copies
from trainer.unknown.directions import find_directions
from trainer.unknown.drawn_bottlenecks import drawn_bottlenecks
from trainer.unknown.moved import moved_strangers
from trainer.unknown.outside import Outside
from trainer.unknown.strangers import random_directions, strange_bottlenecks

_TELLING = 100  # photos: more would only take longer
_USUAL_NAMES = {"background", "negative", "no", "none", "nothing", "other", "others", "rest"}  # first words


class RestOfWorld(NamedTuple):
    """The class ``label`` for the rest of the world: its ``own`` files in the folder of the classes, and those of the
    folder ``given`` with ``--background``.
    """

    label: str
    own: list[PhotoFile]
    given: PhotoFolder | None


def set_apart(
    folder: PhotoFolder, options: RetrainOptions, remembered: Remembered | None, progress: Progress
) -> tuple[PhotoFolder, RestOfWorld | None]:
    """``folder`` without the files of the class for the rest of the world, and that class; None if there is none.

    A class folder that is called like that class has its photos. A message says so.

    Raises :class:`~edge.errors.UsageError` if a class of that name is remembered,
    :class:`~edge.errors.DatasetError` if fewer than two classes are left beside it, and the errors of
    :func:`~trainer.unknown.background.list_background`.
    """
    label = options.unknown
    if label is None:
        return folder, None
    if remembered is not None and composed(label) in map(composed, remembered.labels):
        raise UsageError(
            f"{options.backbone} has a class {shorten(label)}, and that is the name of the class for the rest of the "
            "world: give it another one with --unknown NAME, or leave it out with --no-unknown"
        )
    given = None if options.background is None else list_background(options.background, options.folder, label)
    own = [file for file in folder.files if composed(file.label) == composed(label)]
    for name in folder.labels:
        if composed(name) != composed(label) and (_alike(name) == _alike(label) or _first_word(name) in _USUAL_NAMES):
            progress.message(
                f"{shorten(str(options.folder))}: {shorten(name)} is a class beside {shorten(label)}, the class for "
                f"the rest of the world; if it is that class, give --unknown {shorten(name)}"
            )
    if own:
        names = {file.label for file in own}
        left = [name for name in folder.labels if name not in names]
        if len({*left, *(remembered.labels if remembered else ())}) < 2:
            found = f"only {shorten(left[0])}" if left else "none"
            raise DatasetError(
                f"{folder.root}: training needs photos of at least two classes, found {found} "
                f"beside {shorten(label)}, the class for the rest of the world; --no-unknown makes that a class "
                "like the others"
            )
        progress.message(
            f"{shorten(str(options.folder))}: {shorten(label)} is the class for the rest of the world, no class of "
            f"yours: it has {len(own):,} file{'s' * (len(own) != 1)}; --no-unknown makes it a class like the others"
        )
        folder = folder._replace(
            labels=tuple(left),
            files=[file for file in folder.files if file.label not in names],
        )
    return folder, RestOfWorld(label, own, given)


def gather(
    rest: RestOfWorld,
    extractor: FeatureExtractor,
    dataset: Dataset,
    training: Labelled,
    options: RetrainOptions,
    pretrained: FeatureExtractor | None = None,
) -> Outside:
    """All that teaches the class ``rest`` beside the photos ``training`` of the classes of ``dataset``.

    Photos of ``--background`` that seem to show a class are left out. ``pretrained`` is the network before fine-tuning,
    which has the photos in the cache; None if there was no fine-tuning.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    progress = extractor.progress
    background = read_background(extractor, rest.own, rest.given, dataset.photos, options.ratios, options.groups)
    if background.chosen.any():
        background = _without_classes(background, extractor, dataset, training, options.groups)
    if rest.given is not None and not background.chosen.any():
        progress.message(
            f"--background {shorten(str(rest.given.root))}: none of its photos is used; they cannot be read, or show "
            "the classes"
        )
    drawn = drawn_bottlenecks(extractor)
    foreign = extractor.backbone.foreign
    with one_thread():
        directions = find_directions(
            extractor.backbone,
            _some(training.features, drawn),
            options.backbone if foreign else None,
            progress.message,
        )
    moved = None if pretrained is None else _moved(pretrained, extractor, dataset, drawn)
    return Outside(rest.label, background, directions, drawn, moved)


def _without_classes(
    background: Background, extractor: FeatureExtractor, dataset: Dataset, training: Labelled, groups: str
) -> Background:
    """``background`` without the photos of ``--background`` that are copies of photos of a class, or look like one."""
    reasons: dict[bytes, str] = {}
    with extractor.progress.stage("background"):
        with one_thread():
            classes = like_a_class(background.features, training)
        for photo, found, chosen in zip(background.photos, classes, background.chosen, strict=True):
            if chosen and found >= 0:
                reasons[photo.sha256] = f"it looks like the photos of the class {dataset.labels[found]}"
        left = np.array([photo.sha256 not in reasons for photo in background.photos], bool) & background.chosen
        if groups == GROUPS_AUTO:
            photos = [photo for photo, kept in zip(background.photos, left, strict=True) if kept]
            for sha256, known in find_copies(extractor, photos, background.features[left], dataset.photos).items():
                reasons[sha256] = f"a copy of a photo of the class {known.label}: {known.relative}"
    return background.without(reasons)


def _moved(pretrained: FeatureExtractor, tuned: FeatureExtractor, dataset: Dataset, drawn: Features) -> Features:
    """What fine-tuning makes of strange bottlenecks along random directions: (directions, values)."""
    photos = dataset.of(TRAINING)
    count = min(len(photos), MOST_KNOWN)
    hashes = [photos[place * len(photos) // count].sha256 for place in range(count)]
    before, drawn_before = pretrained.load(hashes), drawn_bottlenecks(pretrained)
    with one_thread():  # one order of addition on any number of cores
        strange = strange_bottlenecks(random_directions(before.shape[1]), before)
        pictures = np.concatenate([before, drawn_before]), np.concatenate([tuned.load(hashes), drawn])
        return moved_strangers(strange, *pictures)


def _alike(label: str) -> str:
    return composed(label).casefold().strip()


def _first_word(label: str) -> str:
    return next(iter(re.findall(r"[^\W_]+", _alike(label))), "")


def _some(features: Features, drawn: Features) -> npt.NDArray[np.float32]:
    """As many bottlenecks as tell which directions belong to a backbone, from drawings too if there are few photos."""
    count = min(len(features), _TELLING)
    some = features[np.arange(count) * len(features) // count]
    return np.asarray(some if count == _TELLING else np.concatenate([some, drawn]), np.float32)
