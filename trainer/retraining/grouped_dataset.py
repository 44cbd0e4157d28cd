"""The photos of a folder with their bottlenecks in the cache, in groups that depend on each other, and split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.groups.find_groups import groups_by_mode
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.photo_files import PhotoFolder
from trainer.photos.reading import Contents
from trainer.retraining.options import RetrainOptions


class GroupedDataset(NamedTuple):
    """A data set, its ``groups`` as relative path -> first photo, and how many bottlenecks were ``computed``."""

    dataset: Dataset
    groups: Mapping[str, str]
    computed: int


def extract(
    extractor: FeatureExtractor,
    folder: PhotoFolder,
    options: RetrainOptions,
    groups: Mapping[str, str] | None,
    beside: Sequence[str] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> GroupedDataset:
    """Compute the bottlenecks of ``folder`` and find the groups of its photos, or take those that were found before.

    The labels ``beside`` belong to the data set too; they need no photos. ``meanwhile`` is called in another thread
    while the groups are found, which seldom keeps all cores busy, and what it raises is raised here.

    Raises :class:`~edge.errors.DatasetError` if there are too few photos to train on, and
    :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    extracted = compute_bottlenecks(extractor, folder)
    with ThreadPoolExecutor(1) as other:
        done = other.submit(meanwhile)
        if groups is None:
            groups = _find(extractor, folder, extracted.contents, options)
        done.result()
    return GroupedDataset(
        assemble(folder, extracted.contents, options.ratios, groups=groups, beside=beside), groups, extracted.computed
    )


def _find(
    extractor: FeatureExtractor, folder: PhotoFolder, contents: Contents, options: RetrainOptions
) -> Mapping[str, str]:
    alone = {relative: relative for relative in contents.sha256}
    dataset = assemble(folder, contents, options.ratios, training=False, groups=alone)
    return groups_by_mode(extractor, dataset.photos, options.groups)
