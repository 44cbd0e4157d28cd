"""A fine-tuning of a few tiny photos in seconds: its recipe, its head and its data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainer.fine_tuning.recipe import Recipe
from trainer.head.linear import Head
from trainer.photos.augmentation import Strength
from trainer.photos.dataset import Dataset, read_dataset
from trainer.photos.split import SplitRatios

RECIPE = Recipe(
    epochs=3,
    from_block=12,
    picture_size=96,
    batch=4,
    patience=1,
    learning_rate=1e-2,
    label_smoothing=0,
    strength=Strength(saturation=0.1, tint=0),  # only colour distinguishes these photos
)
RATIOS = SplitRatios(20, 20)
HEAD = Head(np.zeros((256, 3)), np.zeros(3))


def as_dataset(folder: Path) -> Dataset:
    """The photos painted into ``folder``, split."""
    return read_dataset(folder, RATIOS)
