"""A file without a name: gone when nobody uses it any more, also if the program is killed."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError


class NamelessFile:
    """A file that several threads read and write at any place. Reading takes turns: it is short beside what follows."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make it in ``folder``, None: in that of temporary files.

        Raises :class:`OSError`.
        """
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # open as long as it is used
        self._lock = threading.Lock()

    def write(self, content: bytes, place: int) -> None:
        """Write ``content`` at ``place``, in bytes from the beginning.

        Raises :class:`OSError`.
        """
        left = memoryview(content)
        with self._lock:
            self._file.seek(place)
            while left:  # a disk that becomes full takes a part, and says so when it is asked for the rest
                left = left[self._file.write(left) :]

    def read(self, array: npt.NDArray[np.generic], place: int) -> None:
        """Fill the contiguous ``array`` with what is at ``place``, in bytes from the beginning.

        Raises :class:`~edge.errors.StorageError` if the file ends before.
        """
        wanted = array.view(np.uint8).reshape(-1)
        with self._lock:
            self._file.seek(place)
            if self._file.readinto(wanted.data) != len(wanted):
                raise StorageError("the file beside the cache is shorter than it was; run again")

    def truncate(self, size: int) -> None:
        """Cut it after ``size`` bytes."""
        self._file.truncate(size)
