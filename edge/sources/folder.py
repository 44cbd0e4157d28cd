"""A folder that grows: pictures that another program puts there, each as soon as it is completely written."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError, UnavailableError
from edge.preprocess import decode

POLL_S = 0.1
"""The shortest time between two looks at the folder, in seconds; a look that takes long is followed by a pause of
nine times that, so that a folder of very many files costs no more than a tenth of a core."""

SETTLE_S = 2.0
"""A file that cannot be decoded and has not changed for this time, in seconds, is complete and no picture."""

_LONGEST_WAIT_S = 0.5

_State = tuple[int, int, int]  # a file's number on its disk, size in bytes and time of change in nanoseconds


def _to_stderr(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens
        print(f"edge: {line}", file=sys.stderr, flush=True)


class GrowingFolder:
    """The pictures that appear in a folder, in the order of their time of change.

    What is in it when this object is made is known already; folders in it and hidden files are not looked at.
    A file that changes, or that another takes the place of, counts as new. What cannot be decoded is passed
    over and told.
    """

    ends = False
    time_limit_s = 10.0

    def __init__(self, folder: str, tell: Callable[[str], None] = _to_stderr) -> None:
        """Watch ``folder``; ``tell`` gets one line for each file that is no picture."""
        self.uri = f"folder:{folder}"
        self._folder = folder
        self._tell = tell
        # These two outlive a failure, such as a network disk that goes and comes back.
        self._known: dict[str, _State] = {}
        self._growing: dict[str, tuple[_State, float]] = {}  # with the moment when it was first seen so
        with contextlib.suppress(OSError):
            self._known.update(self._files())

    def open(self) -> None:
        """See whether the folder is there.

        Raises :class:`~edge.errors.UnavailableError` where it cannot be read.
        """
        self._look()

    def read(self) -> npt.NDArray[np.uint8] | None:
        """Wait a moment for a new picture: (height, width, 3), uint8, RGB; None where there is none.

        Raises :class:`~edge.errors.UnavailableError` where the folder cannot be read.
        """
        deadline_s = time.monotonic() + _LONGEST_WAIT_S
        while True:
            start_s = time.monotonic()
            ready = self._look()
            pause_s = min(max(POLL_S, 9 * (time.monotonic() - start_s)), self.time_limit_s / 2)
            for name in ready:
                picture = self._take(name)
                if picture is not None:
                    return picture
            if time.monotonic() >= deadline_s:
                return None
            time.sleep(pause_s)

    def _look(self) -> list[str]:
        """Note what is in the folder; returns the new files that are as they were at the look before, by time."""
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

    def _take(self, name: str) -> npt.NDArray[np.uint8] | None:
        """The picture in ``name``, or None where it is none, or not yet."""
        state, since_s = self._growing[name]
        try:
            pixels = np.asarray(decode(os.path.join(self._folder, name)), np.uint8)
        except ImageError as error:
            if time.monotonic() - since_s < SETTLE_S:
                return None
            self._tell(f"skipped {os.path.join(self._folder, name)}: {error}")
            pixels = None
        del self._growing[name]
        self._known[name] = state
        return pixels

    def _files(self) -> dict[str, _State]:
        found = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                with contextlib.suppress(OSError):  # gone again, or a broken link
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return found

    def close(self) -> None:
        """Nothing stays open."""
