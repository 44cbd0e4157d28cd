"""Which pictures look alike, decided from thumbnails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE = 16
_MOST_KEPT = 1000
_MOST_LOADED = 100
ALIKE_BELOW = 8.0
"""Two pictures look alike if the mean difference of their thumbnails is below this, of 255."""


class Thumbnails:
    """The last pictures that were kept: up to 1000, 16 x 16 RGB as int16, 1.5 MB in all.

    Small pictures are compared, as in Torralba, Fergus and Freeman, 80 Million Tiny Images (2008), by their mean
    absolute difference. In that mean a camera's noise is less than 1 of 255. It would change the bits of a difference
    hash in every flat area of a picture.
    """

    def __init__(self) -> None:
        """Start without pictures."""
        self._kept = np.zeros((_MOST_KEPT, _SIDE, _SIDE, 3), np.int16)
        self._count = 0

    def load(self, folder: Path) -> None:
        """Add the newest 100 JPEG files of the subfolders of ``folder``; files that cannot be read are skipped."""
        paths = [path for path in folder.glob("*/*.jpg") if not path.name.startswith(".")]
        for path in sorted(paths, key=lambda path: path.name)[-_MOST_LOADED:]:
            try:
                with Image.open(path, formats=["JPEG"]) as photo:
                    photo.draft("RGB", (4 * _SIDE, 4 * _SIDE))
                    self.add(photo)
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                continue

    def is_new(self, picture: Image.Image) -> bool:
        """Whether no earlier picture looks like ``picture``."""
        known = self._kept[: min(self._count, _MOST_KEPT)]
        if not len(known):
            return True
        differences = np.abs(known - _thumbnail(picture)).mean(axis=(1, 2, 3))
        return bool(differences.min() >= ALIKE_BELOW)

    def add(self, picture: Image.Image) -> None:
        """Add ``picture``; it replaces the oldest one if there are 1000."""
        self._kept[self._count % _MOST_KEPT] = _thumbnail(picture)
        self._count += 1


def _thumbnail(picture: Image.Image) -> npt.NDArray[np.int16]:
    return np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX), np.int16)
