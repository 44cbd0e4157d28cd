"""Which pictures look alike: a memory of thumbnails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE = 16
_REMEMBERED = 1000
_LOADED = 100
ALIKE_BELOW = 8.0
"""Two pictures look alike where their thumbnails differ by less than this on average, of 255."""


class Thumbnails:
    """The last pictures kept, 16 x 16 RGB each, 0.8 MB in all.

    A reduced picture stands for its look as in Torralba, Fergus and Freeman, 80 Million Tiny Images (2008); the
    mean absolute difference tells two apart. Averaged over so many pixels a camera's noise is less than 1 of 255,
    whereas the bits of a difference hash change with it wherever a picture is flat.
    """

    def __init__(self) -> None:
        """Remember nothing."""
        self._kept = np.zeros((_REMEMBERED, _SIDE, _SIDE, 3), np.int16)
        self._count = 0

    def load(self, folder: Path) -> None:
        """Remember the newest JPEG files below ``folder``; what cannot be read is passed over."""
        paths = [path for path in folder.glob("*/*.jpg") if not path.name.startswith(".")]
        for path in sorted(paths, key=lambda path: path.name)[-_LOADED:]:
            try:
                with Image.open(path, formats=["JPEG"]) as photo:
                    photo.draft("RGB", (4 * _SIDE, 4 * _SIDE))
                    self.add(photo)
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                continue

    def is_new(self, picture: Image.Image) -> bool:
        """Whether ``picture`` looks like none that is remembered."""
        known = self._kept[: min(self._count, _REMEMBERED)]
        if not len(known):
            return True
        differences = np.abs(known - _thumbnail(picture)).mean(axis=(1, 2, 3))
        return bool(differences.min() >= ALIKE_BELOW)

    def add(self, picture: Image.Image) -> None:
        """Remember ``picture``, in place of the oldest where there are too many."""
        self._kept[self._count % _REMEMBERED] = _thumbnail(picture)
        self._count += 1


def _thumbnail(picture: Image.Image) -> npt.NDArray[np.int16]:
    return np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX), np.int16)
