"""Which of a folder's photos a model has seen: only the others show how good it is on new photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from trainer.photos.dataset import Photo
from trainer.photos.photo_hashes import PhotoHashes
from trainer.photos.split import TEST, TRAINING, VALIDATION

DEPENDENT = "dependent"
"""What :func:`sights` says of a photo that the model has not seen, but another photo of its group."""


class SeenPhotos(NamedTuple):
    """How many of ``photos`` photos a model has seen.

    It was ``trained`` on some, its settings were ``chosen`` on others, and ``dependent`` photos are in one group with
    these: copies of them, or shots of the same scene.
    """

    photos: int
    trained: int
    chosen: int
    dependent: int

    @property
    def unseen(self) -> int:
        """How many photos show how good the model is on new photos."""
        return self.photos - self.trained - self.chosen - self.dependent

    def text(self, model: str) -> str:
        """``84 of these 91 photos trained the model, 3 chose its settings``; ``model`` is what the model is called."""
        photos = "1 photo" if self.photos == 1 else f"these {self.photos:,} photos"
        parts = [f"{self.trained:,} of {photos} trained {model}"]
        if self.chosen:
            parts.append(f"{self.chosen:,} chose its settings")
        if self.dependent:
            parts.append(f"{self.dependent:,} depend on these (copies, or shots of one scene)")
        return ", ".join(parts)


def sights(hashes: PhotoHashes, photos: Sequence[Photo]) -> list[str]:
    """For each photo, whether it is a training or a validation photo of a model with ``hashes``, or what else it is.

    :data:`DEPENDENT` is a photo whose group has one of these, ``test`` a photo that is independent of them.
    """
    found = hashes.splits_of(photo.sha256 for photo in photos)
    seen_groups = {photo.group for photo, split in zip(photos, found, strict=True) if split is not None}
    return [
        split or (DEPENDENT if photo.group in seen_groups else TEST) for photo, split in zip(photos, found, strict=True)
    ]


def count_seen(found: Sequence[str]) -> SeenPhotos:
    """The counts of what :func:`sights` ``found``."""
    counts = Counter(found)
    return SeenPhotos(len(found), counts[TRAINING], counts[VALIDATION], counts[DEPENDENT])
