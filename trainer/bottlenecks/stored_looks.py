"""The looks of more photos than fit into memory: their pixels in a file without a name, the rest in arrays."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from sys import intern
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError
from trainer.bottlenecks.cache import BottleneckCache
from trainer.photos.look import LOOK_SIZE, Look

_PIXELS = LOOK_SIZE * LOOK_SIZE


class StoredLooks(NamedTuple):
    """The pixels of looks in ``file``, one after the other; ``rest`` are the looks without their pixels."""

    file: IO[bytes]
    rest: list[Look]

    def pixels(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
        """The pixels of the looks at ``rows``: (rows, 64, 64)."""
        found = np.empty((len(rows), LOOK_SIZE, LOOK_SIZE), np.uint8)
        for place, row in enumerate(rows.tolist()):
            if os.preadv(self.file.fileno(), [found[place].reshape(-1).data], row * _PIXELS) != _PIXELS:
                raise StorageError("the file of looks beside the cache is shorter than it was; run again")
        return found


def copy_looks(cache: BottleneckCache, folder: os.PathLike[str], images: Sequence[bytes]) -> StoredLooks:
    """The looks of ``images``, given by content hash (32 bytes), from ``cache`` into a file in ``folder``.

    Raises :class:`~edge.errors.StorageError` if one of them is missing or damaged, or if the file cannot be written.
    """
    nothing = np.zeros((0, 0), np.uint8)
    rest = [Look(nothing)] * len(images)
    try:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # open as long as it is used
        for row, content in cache.looks_in_rows(images):
            look = Look.from_bytes(content)
            os.pwrite(file.fileno(), look.pixels.tobytes(), row * _PIXELS)
            if look.camera:
                rest[row] = Look(nothing, look.taken_s, intern(look.camera))
    except OSError as error:
        raise StorageError(
            f"{os.fspath(folder)}: {error.strerror}; {len(images) * _PIXELS / 1e9:.1f} GB are needed there: free some "
            "space or choose another place with --bottleneck-dir"
        ) from None
    return StoredLooks(file, rest)
