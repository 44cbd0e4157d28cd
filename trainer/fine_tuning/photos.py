"""The photos of fine-tuning: decoded once, kept in memory, augmented differently in every epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from edge.parallel import available_cores, ordered_map
from edge.preprocess import Pixels, preprocess
from trainer.fine_tuning.job import TuningPhoto
from trainer.fine_tuning.recipe import Recipe
from trainer.photos.augmentation import augment_picture
from trainer.photos.bucket import place_at
from trainer.photos.reading import openable, readable_before

MARGIN = 1.15
"""Pictures to augment are kept this much larger than those that are learnt from, so that a crop loses little detail."""

MOST_BYTES = 1 << 30
"""Decoded photos kept in memory, 5,000 at 224 pixels; the others are decoded again in every epoch."""

Batch = tuple[Pixels, npt.NDArray[np.int64]]
"""Pictures (photos, height, width, 3), uint8, and the indices of their labels (photos,)."""


class TuningPhotos:
    """Photos decoded at ``edge`` pixels, square; at most ``most_bytes`` of them stay in memory."""

    def __init__(self, photos: Sequence[TuningPhoto], edge: int, most_bytes: int = MOST_BYTES) -> None:
        """Decode on all cores.

        Raises :class:`~edge.errors.DatasetError` if a photo can no longer be decoded, and
        :class:`~edge.errors.StorageError` if it cannot be read.
        """
        self.photos = photos
        self._edge = edge
        kept = photos[: most_bytes // (3 * edge**2)]
        self._pixels = list(ordered_map(lambda: self._decode, kept, available_cores()))

    def _decode(self, photo: TuningPhoto) -> Pixels:
        path = place_at(photo.path)
        with readable_before(path):
            return preprocess(openable(path), (self._edge, self._edge))

    def pixels(self, index: int) -> Pixels:
        """The photo at ``index``: (edge, edge, 3), uint8."""
        return self._pixels[index] if index < len(self._pixels) else self._decode(self.photos[index])

    def batch(
        self, indices: Sequence[int], change: Callable[[int, Pixels], Pixels] = lambda index, pixels: pixels
    ) -> Batch:
        """The photos at ``indices`` with their labels; ``change`` gets the index and the pixels of each photo."""
        pictures = np.stack([change(index, self.pixels(index)) for index in indices])
        return pictures, np.array([self.photos[index].label for index in indices], np.int64)


def load_training(photos: Sequence[TuningPhoto], size: int) -> TuningPhotos:
    """Photos to be augmented to pictures of ``size``."""
    return TuningPhotos(photos, math.ceil(size * MARGIN))


def batches(count: int, size: int) -> int:
    """How many batches of at most ``size`` hold ``count`` photos."""
    return math.ceil(count / size)


def training_batches(photos: TuningPhotos, recipe: Recipe, epoch: int) -> Iterator[Batch]:
    """The batches of one epoch, each nearly as large as the others, prepared on all cores ahead of time.

    Order and augmentation depend on the recipe's seed, the epoch and the photo's place alone, so that an
    epoch gives the same result if it is run again.
    """

    def augment(index: int, pixels: Pixels) -> Pixels:
        random = np.random.default_rng([recipe.seed, epoch, 1 + index])
        return augment_picture(
            Image.fromarray(pixels), (recipe.picture_size, recipe.picture_size), recipe.strength, random
        )

    order = np.random.default_rng([recipe.seed, epoch, 0]).permutation(len(photos.photos))
    parts = np.array_split(order, batches(len(order), recipe.batch))
    return ordered_map(lambda: lambda part: photos.batch(part, augment), parts, available_cores())


def plain_batches(photos: TuningPhotos, size: int) -> Iterator[Batch]:
    """All photos as they are, in batches of at most ``size``."""
    for start in range(0, len(photos.photos), size):
        yield photos.batch(range(start, min(start + size, len(photos.photos))))
