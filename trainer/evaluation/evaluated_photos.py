"""The photos that a model is evaluated on: the folder's, split as the model was trained."""

from __future__ import annotations

from pathlib import Path

from edge.errors import UsageError
from edge.modelfile.model_file import ModelFile
from trainer.photos.dataset import Dataset, Photo, read_dataset
from trainer.photos.split import SPLITS, SplitRatios
from trainer.progress import Progress

ALL = "all"
EVALUATED = (ALL, *SPLITS)
"""Which photos a model is evaluated on: those of one split, or all."""


def check_split(split: str) -> None:
    """Raise :class:`~edge.errors.UsageError` if ``split`` is not one of :data:`EVALUATED`."""
    if split not in EVALUATED:
        raise UsageError(f"unknown split {split!r}; give one of {', '.join(EVALUATED)}")


def split_ratios(model: ModelFile) -> SplitRatios:
    """How the photos were split when ``model`` was trained; the defaults if it does not say."""
    if model.manifest is None:
        return SplitRatios()
    found = {name: getattr(model.manifest.provenance, name) for name in SplitRatios._fields}
    return SplitRatios(**{name: value for name, value in found.items() if value is not None})


def read_test_set(photos: Dataset | str | Path, ratios: SplitRatios, progress: Progress) -> Dataset:
    """``photos`` as they are if they are a data set; a folder's are read and split by ``ratios``.

    Raises :class:`~edge.errors.DatasetError` if there is no folder of photos.
    """
    return photos if isinstance(photos, Dataset) else read_dataset(Path(photos), ratios, progress)


def photos_of(dataset: Dataset, split: str) -> list[Photo]:
    """The photos of ``dataset`` in ``split``, one of :data:`EVALUATED`."""
    return dataset.photos if split == ALL else dataset.of(split)
