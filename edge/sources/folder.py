"""A folder that grows: pictures that another program writes there, each as soon as it is complete."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError, UnavailableError
from edge.messages import print_message
from edge.preprocess import decode
from edge.sources.files import is_of_a_system

POLL_S = 0.1
"""The shortest time between two listings of the folder, in seconds. The pause after a listing is at least nine times
as long as the listing took: even a folder of many files costs at most a tenth of a core."""

SETTLE_S = 2.0
"""A file that has not changed for this time, in seconds, is complete; if it cannot be decoded, it is not a picture."""

_LONGEST_WAIT_S = 0.5

_FileState = tuple[int, int, int]  # inode, size in bytes and time of change in nanoseconds


class GrowingFolder:
    """The pictures that appear in a folder, in the order of their time of change.

    The files that are there when this object is made do not count. Folders in it, hidden files and files that systems
    make for themselves are ignored. A file that changes or is replaced counts as new. A file that cannot be decoded is
    skipped with a message.
    """

    ends = False
    time_limit_s = 10.0

    def __init__(self, folder: str, write_message: Callable[[str], None] = print_message) -> None:
        """Watch ``folder``. ``write_message`` gets one line for each file that is skipped."""
        self.uri = f"folder:{folder}"
        self._folder = folder
        self._write_message = write_message
        # These two stay after a failure, for example of a network disk that is away for a while.
        self._known: dict[str, _FileState] = {}
        self._growing: dict[str, tuple[_FileState, float]] = {}  # with the monotonic time of the first listing with it
        with contextlib.suppress(OSError):
            self._known.update(self._files())

    def open(self) -> None:
        """Check that the folder is there.

        Raises :class:`~edge.errors.UnavailableError` if it cannot be read.
        """
        self._new_files()

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait up to half a second for a new picture: (height, width, 3), uint8, RGB; None if there is none.

        Raises :class:`~edge.errors.UnavailableError` if the folder cannot be read.
        """
        deadline_s = time.monotonic() + _LONGEST_WAIT_S
        while True:
            start_s = time.monotonic()
            ready = self._new_files()
            pause_s = min(max(POLL_S, 9 * (time.monotonic() - start_s)), self.time_limit_s / 2)
            for name in ready:
                picture = self._decode(name)
                if picture is not None:
                    return picture
            if time.monotonic() >= deadline_s:
                return None
            time.sleep(pause_s)

    def _new_files(self) -> list[str]:
        """List the folder; returns the new files that have not changed since the last listing, by time of change."""
        try:
            files = self._files()
        except OSError as error:
            raise UnavailableError(f"{self.uri}: cannot be read: {error.strerror}") from None
        for gone in self._known.keys() - files.keys():
            del self._known[gone]
        for gone in self._growing.keys() - files.keys():
            del self._growing[gone]
        ready = []
        for name, state in files.items():
            if self._known.get(name) == state:
                continue
            if name in self._growing and self._growing[name][0] == state:
                ready.append(name)
            else:
                self._growing[name] = (state, time.monotonic())
        return sorted(ready, key=lambda name: (files[name][2], name))

    def _decode(self, name: str) -> npt.NDArray[np.uint8] | None:
        """The picture in the file ``name``; None if it is not a picture, or not complete."""
        state, since_s = self._growing[name]
        try:
            pixels = np.asarray(decode(os.path.join(self._folder, name)), np.uint8)
        except ImageError as error:
            if time.monotonic() - since_s < SETTLE_S:
                return None
            self._write_message(f"skipped {os.path.join(self._folder, name)}: {error}")
            pixels = None
        del self._growing[name]
        self._known[name] = state
        return pixels

    def _files(self) -> dict[str, _FileState]:
        found = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or is_of_a_system(entry.name):
                    continue
                with contextlib.suppress(OSError):  # removed meanwhile, or a broken link
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return found

    def close(self) -> None:
        """Nothing to do: no file stays open."""
