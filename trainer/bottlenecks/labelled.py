"""Bottlenecks with the labels of their photos: what a head is fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.dataset import Dataset, Photo


class Labelled(NamedTuple):
    """Bottlenecks (photos, values), float, and the index of each photo's label, (photos,) int.

    ``groups`` (photos,) int is the same number for photos that depend on each other; None if all are independent.
    """

    features: npt.NDArray[np.floating[Any]]
    labels: npt.NDArray[np.intp]
    groups: npt.NDArray[np.intp] | None = None

    def where(self, chosen: npt.NDArray[np.bool_ | np.intp]) -> Labelled:
        """The photos that ``chosen`` gives: a bool for each photo, (photos,), or places of photos.

        Photos that follow each other are not copied: those of one split do, and are most of the memory.
        """
        rows = _as_slice(chosen)
        groups = None if self.groups is None else self.groups[rows]
        return Labelled(self.features[rows], self.labels[rows], groups)

    def blocks(self) -> Iterator[Labelled]:
        """All of them in one block, as there are several of photos that do not fit into memory."""
        yield self

    @property
    def weights(self) -> npt.NDArray[np.float64] | None:
        """The weight of each photo if every group counts as one photo: 1 / photos of its group, (photos,).

        None if all photos are independent.
        """
        return None if self.groups is None else 1 / np.bincount(self.groups)[self.groups]

    @property
    def independent(self) -> int:
        """How many photos do not depend on each other: the number of groups."""
        return len(self.labels) if self.groups is None else len(np.unique(self.groups))

    def right(self, scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """The share of each group's photos whose best score is at their label: (groups,).

        ``scores`` (photos, labels) may be logits.
        """
        return self.group_means((scores.argmax(axis=1) == self.labels).astype(np.float64))

    def group_means(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The mean of ``values`` (photos,) in each group: (groups,); ``values`` if all photos are independent."""
        if self.groups is None:
            return values
        _, places = np.unique(self.groups, return_inverse=True)
        means: npt.NDArray[np.float64] = np.bincount(places, values) / np.bincount(places)
        return means


def _as_slice(chosen: npt.NDArray[np.bool_ | np.intp]) -> npt.NDArray[np.bool_ | np.intp] | slice:
    """The same photos as a slice, if ``chosen`` are bools and these photos follow each other."""
    if chosen.dtype == np.bool_:
        places = np.flatnonzero(chosen)
        if len(places) and places[-1] - places[0] + 1 == len(places):
            return slice(int(places[0]), int(places[-1]) + 1)
    return chosen


def load_labelled(extractor: FeatureExtractor, dataset: Dataset, photos: Sequence[Photo]) -> Labelled:
    """The cached bottlenecks of ``photos``, which are some of ``dataset``, with their labels and groups."""
    return with_labels(extractor.load([photo.sha256 for photo in photos]), dataset, photos)


def with_labels(features: npt.NDArray[np.floating[Any]], dataset: Dataset, photos: Sequence[Photo]) -> Labelled:
    """The bottlenecks ``features`` (photos, values) of ``photos``, which are some of ``dataset``."""
    return Labelled(features, *labels_and_groups(dataset, photos))


def labels_and_groups(
    dataset: Dataset, photos: Sequence[Photo]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp] | None]:
    """The index of the label of each of ``photos``, which are some of ``dataset``, and the number of its group.

    Both are (photos,); there are no numbers of groups if all photos of ``dataset`` are independent.
    """
    index = {label: i for i, label in enumerate(dataset.labels)}
    groups = None
    if dataset.independent < len(dataset.photos):
        numbers = {group: number for number, group in enumerate(sorted({photo.group for photo in dataset.photos}))}
        groups = np.fromiter((numbers[photo.group] for photo in photos), np.intp, len(photos))
    return np.fromiter((index[photo.label] for photo in photos), np.intp, len(photos)), groups
