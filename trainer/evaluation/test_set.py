"""The photos that a model is judged on: the folder's, split as the model was trained."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

from edge.modelfile.model_file import ModelFile
from trainer.photos.dataset import Dataset, Photo, assemble, list_photos
from trainer.photos.reading import identify
from trainer.photos.split import SPLITS, SplitRatios

Split = Enum("Split", {name: name for name in ("all", *SPLITS)}, type=str)  # type: ignore[misc]
"""Which photos judge: those of one split, or all."""


def split_ratios(model: ModelFile) -> SplitRatios:
    """How the photos were split when ``model`` was trained; the usual way where it does not say."""
    training: dict[str, Any] = model.manifest.training if model.manifest else {}
    usual = SplitRatios()
    return SplitRatios(
        training.get("validation_percentage", usual.validation_percentage),
        training.get("testing_percentage", usual.testing_percentage),
        training.get("seed", usual.seed),
    )


def read_dataset(image_dir: Path, ratios: SplitRatios) -> Dataset:
    """The photos in ``image_dir`` that can be decoded, split by ``ratios``.

    Raises :class:`~edge.errors.DatasetError` where there is no folder of photos.
    """
    listing = list_photos(image_dir)
    identities, reasons = identify(listing)
    return assemble(listing, identities, reasons, ratios, training=False)


def photos_of(dataset: Dataset, split: Split) -> list[Photo]:
    """The photos of ``dataset`` that ``split`` names."""
    return dataset.photos if split.value == "all" else dataset.of(split.value)
