"""The bottlenecks of a data set: in memory, or in a file with a sample of them in memory if there are too many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled, labels_and_groups, load_labelled
from trainer.bottlenecks.stored import Stored, store_features
from trainer.photos.dataset import Dataset
from trainer.photos.split import SPLITS, TEST, TRAINING, VALIDATION
from trainer.retraining.options import RetrainOptions

MOST_IN_MEMORY = 50_000
"""The bottlenecks of more photos are not kept in memory all at once."""

SAMPLES = {TRAINING: 20_000, VALIDATION: 5_000, TEST: 5_000}
"""How many photos of each split are in the sample, beside one of each class."""

_RANGES = 8_000  # photos


class Examples(NamedTuple):
    """The bottlenecks of photos, in the order of :meth:`~trainer.photos.dataset.Dataset.by_split`.

    ``data`` are those of ``dataset``, in memory. These are all photos, and ``stored`` is None; or they are a sample,
    and ``stored`` are all.
    """

    dataset: Dataset
    data: Labelled
    stored: Stored | None

    def ranges(self) -> Labelled:
        """Those of the training and validation photos, or of as many of these as show which values bottlenecks have."""
        both = self.of((TRAINING, VALIDATION))
        if self.stored is None:
            return both
        count = min(_RANGES, len(both.labels))
        return both.where(np.arange(count) * len(both.labels) // count)

    def of(self, splits: tuple[str, ...]) -> Labelled:
        """Those of the photos in memory that are in one of ``splits``."""
        return self.data.where(np.array([photo.split in splits for photo in self.dataset.by_split()], bool))


def sample_line(sample: Dataset, dataset: Dataset, options: RetrainOptions) -> str:
    """A line for the user of a ``dataset`` that does not fit into memory: what is done with a ``sample`` of it."""
    chosen = ["the penalty", "the temperature", "the gate"]
    chosen += ["the cross-validation"] * options.cross_validate + ["the learning curve"] * options.learning_curve
    return (
        f"more than {MOST_IN_MEMORY:,} photos: the head is fitted on all of the {len(dataset.of(TRAINING)):,} training "
        f"photos; {', '.join(chosen)} come from {len(sample.photos):,} photos"
    )


def load_examples(extractor: FeatureExtractor, dataset: Dataset) -> Examples:
    """The cached bottlenecks of all photos of ``dataset``.

    Raises :class:`~edge.errors.StorageError` if one of them is not in the cache, or if the file for them cannot be
    written beside it.
    """
    photos = dataset.by_split()
    if len(photos) <= MOST_IN_MEMORY:
        return Examples(dataset, load_labelled(extractor, dataset, photos), None)
    with extractor.progress.stage("reading the cache"):
        features = store_features(extractor, [photo.sha256 for photo in photos])
    labels, groups = labels_and_groups(dataset, photos)
    stored = Stored(features, np.arange(len(photos)), labels, groups)
    ends = np.cumsum([len(dataset.of(split)) for split in SPLITS])
    parts = zip(SPLITS, np.split(labels, ends[:-1]), [0, *ends[:-1].tolist()], strict=True)
    chosen = np.concatenate([start + spread_over_classes(own, SAMPLES[split]) for split, own, start in parts])
    sample = dataset._replace(photos=sorted((photos[place] for place in chosen), key=lambda photo: photo.relative))
    return Examples(sample, stored.where(chosen).read(), stored)


def spread_over_classes(labels: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """The places of ``count`` of ``labels`` (photos,), ascending: of each label the same share, and at least one.

    The photos of a label are taken evenly from their order, so that the same photos give the same places.
    """
    photos = len(labels)
    order = np.argsort(labels, kind="stable")
    spread = order[np.arange(min(count, photos)) * photos // max(min(count, photos), 1)]
    return np.union1d(spread, np.unique(labels, return_index=True)[1])
