"""The looks of more photos than fit into memory: their pixels in a file without a name, the rest in arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.nameless_file import NamelessFile
from trainer.photos.look import LOOK_SIZE, NO_PIXELS, Look

_PIXELS = LOOK_SIZE * LOOK_SIZE


class StoredLooks(NamedTuple):
    """The pixels of looks in ``file``, one after the other; ``rest`` are the looks without their pixels."""

    file: NamelessFile
    rest: list[Look]

    def pixels(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
        """The pixels of the looks at ``rows``: (rows, 64, 64)."""
        found = np.empty((len(rows), LOOK_SIZE, LOOK_SIZE), np.uint8)
        for place, row in enumerate(rows.tolist()):
            self.file.read(found[place], row * _PIXELS)
        return found


class LookFile:
    """Looks that come one after the other, each under a name, and are read again in any order."""

    def __init__(self) -> None:
        """No look has come yet."""
        self._stored = StoredLooks(NamelessFile(), [])
        self._rows: dict[str, int] = {}

    def __setitem__(self, name: str, look: Look) -> None:
        """Keep ``look`` under ``name``."""
        self._rows[name] = len(self._stored.rest)
        self._stored.file.write(look.pixels.tobytes(), len(self._stored.rest) * _PIXELS)
        self._stored.rest.append(look.without_pixels())

    def of(self, names: Sequence[str]) -> tuple[list[Look], Callable[[npt.NDArray[np.intp]], npt.NDArray[np.uint8]]]:
        """The looks of ``names`` without their pixels, and what reads the pixels by the places of names."""
        rows = np.fromiter((self._rows[name] for name in names), np.intp, len(names))
        return [self._stored.rest[row] for row in rows], lambda places: self._stored.pixels(rows[places])


def copy_looks(cache: BottleneckCache, folder: Path, images: Sequence[bytes]) -> StoredLooks:
    """The looks of ``images``, given by content hash (32 bytes), from ``cache`` into a file in ``folder``.

    Raises :class:`~edge.errors.StorageError` if one of them is missing or damaged, or if the file cannot be written.
    """
    rest = [Look(NO_PIXELS)] * len(images)
    try:
        file = NamelessFile(folder)
        for row, content in cache.looks_in_rows(images):
            look = Look.from_bytes(content)
            file.write(look.pixels.tobytes(), row * _PIXELS)
            rest[row] = look.without_pixels()
    except OSError as error:
        raise StorageError(
            f"{folder}: {error.strerror}; {len(images) * _PIXELS / 1e9:.1f} GB are needed there: free some "
            "space or choose another place with --bottleneck-dir"
        ) from None
    return StoredLooks(file, rest)
