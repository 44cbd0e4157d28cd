"""What is learnt from: photos and remembered bottlenecks, in the split that ``trainer retrain`` would give them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.labelled import Labelled, with_labels
from trainer.bottlenecks.remembered import Remembered
from trainer.groups.find_groups import Compared, find_groups
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.photo_files import PhotoFile, PhotoFolder
from trainer.photos.reading import Contents
from trainer.photos.split import LEAST_GROUPS, TRAINING, VALIDATION, SplitRatios
from trainer.teach.learning.features import Features
from trainer.teach.state import TaughtPhoto


class Snapshot(NamedTuple):
    """The ``photos`` of the state ``version``, with their ``features`` (photos, values).

    ``labels`` are those of the photos and of ``remembered``, sorted as ``trainer retrain`` sorts them.
    """

    version: int
    labels: tuple[str, ...]
    photos: tuple[TaughtPhoto, ...]
    features: npt.NDArray[np.float32]
    remembered: Remembered | None

    @classmethod
    def of(
        cls, version: int, photos: Sequence[TaughtPhoto], features: Features, remembered: Remembered | None
    ) -> Snapshot:
        """The snapshot of ``photos``, whose bottlenecks are in ``features``."""
        labels = {photo.label for photo in photos} | set(remembered.labels if remembered else ())
        rows = features.rows([photo.id for photo in photos])
        return cls(version, tuple(sorted(labels)), tuple(photos), rows, remembered)

    @property
    def everything(self) -> Labelled:
        """All photos and all remembered bottlenecks, without groups."""
        places = {label: place for place, label in enumerate(self.labels)}
        labelled = Labelled(self.features, np.array([places[photo.label] for photo in self.photos], np.intp))
        return with_remembered(labelled, self.labels, self.remembered)


class Examples(NamedTuple):
    """A snapshot as a data set: ``data`` are the bottlenecks of its photos in the order of :meth:`Dataset.by_split`.

    ``ids`` are the ids of the photos in that order.
    """

    dataset: Dataset
    data: Labelled
    ids: tuple[str, ...]
    remembered: Remembered | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, those of remembered bottlenecks too."""
        return self.dataset.labels

    @property
    def training(self) -> Labelled:
        """The training photos and what is remembered, as ``trainer retrain`` fits a head on them.

        All photos of a class that is too small for a split are in it.
        """
        return with_remembered(self._of(TRAINING), self.labels, self.remembered and self.remembered.training)

    @property
    def validation(self) -> Labelled:
        """The validation photos, and some of what is remembered."""
        return with_remembered(self._of(VALIDATION), self.labels, self.remembered and self.remembered.validation)

    @property
    def can_choose(self) -> bool:
        """Whether a head can be chosen: at least two classes have validation photos, or remembered bottlenecks."""
        chosen = {photo.label for photo in self.dataset.photos} - self.small
        return bool(chosen) and len(chosen | set(self.remembered.labels if self.remembered else ())) >= 2

    @property
    def small(self) -> set[str]:
        """The classes that ``trainer retrain`` would refuse: they have too few photos to put one into each split."""
        counts = self.dataset.counts()
        return {
            photo.label
            for photo in self.dataset.photos
            if sum(counts[photo.label].values()) < LEAST_GROUPS
            or not (counts[photo.label][TRAINING] and counts[photo.label][VALIDATION])
        }

    @property
    def everything(self) -> Labelled:
        """All photos and what is remembered, as ``trainer retrain --final`` fits a head on them in the end."""
        return with_remembered(self.data, self.labels, self.remembered)

    def _of(self, split: str) -> Labelled:
        small = self.small
        splits = [TRAINING if photo.label in small else photo.split for photo in self.dataset.by_split()]
        return self.data.where(np.array([own == split for own in splits], bool))


def make_examples(snapshot: Snapshot, features: Features, compared: Compared | None = None) -> Examples:
    """The data set of ``snapshot``: groups and split as ``trainer retrain`` finds them in the folder.

    A class with too few photos for a split is not refused. ``compared`` is that of
    :func:`~trainer.groups.find_groups.find_groups`. Raises the errors of
    :meth:`~trainer.teach.learning.features.Features.looks`.
    """
    relatives = [photo.relative for photo in snapshot.photos]
    groups = find_groups(relatives, snapshot.features, features.looks(snapshot.photos), compared)
    files = [PhotoFile(photo.path, photo.relative, photo.label) for photo in snapshot.photos]
    folder = PhotoFolder(Path(), snapshot.labels, files, [])
    contents = Contents({photo.relative: photo.sha256 for photo in snapshot.photos}, {})
    dataset = assemble(folder, contents, SplitRatios(), training=False, groups=groups, beside=snapshot.labels)
    places = {photo.relative: place for place, photo in enumerate(snapshot.photos)}
    order = [places[photo.relative] for photo in dataset.by_split()]
    data = with_labels(snapshot.features[order], dataset, dataset.by_split())
    return Examples(dataset, data, tuple(snapshot.photos[place].id for place in order), snapshot.remembered)
