"""A folder that grows: pictures that another program writes there, each as soon as it is complete."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError, UnavailableError
from edge.messages import print_message
from edge.sources.folder_listing import FileState, Listing, list_files
from edge.sources.frame import decode_frame
from edge.sources.known_files import KnownFiles

POLL_S = 0.1
"""The shortest time between two listings of the folder, in seconds. The pause after a listing is at least nine times
as long as the listing took: even a folder of many files costs at most a tenth of a core."""

SETTLE_S = 2.0
"""A file that has not changed for this time, in seconds, is complete; if it cannot be decoded, it is not a picture."""

_LONGEST_WAIT_S = 0.5


class GrowingFolder:
    """The pictures that appear in a folder, in the order of their time of change.

    The files that are there when this object is made do not count. A folder that is not there yet is waited for. Hidden
    files and files that systems make for themselves are ignored, and so are folders in the folder, unless it is watched
    with ``recursive``. A file that changes or is replaced counts as new; one that is renamed, or that comes back with
    its disk, does not (:class:`~edge.sources.known_files.KnownFiles`). A file that cannot be decoded is skipped with a
    message.
    """

    ends = False
    time_limit_s = 10.0

    def __init__(
        self, folder: str, *, recursive: bool = False, write_message: Callable[[str], None] = print_message
    ) -> None:
        """Watch ``folder``, and with ``recursive`` all folders below it, also those that come later.

        ``write_message`` gets one line for each file that is skipped.
        """
        self.uri = f"folder:{folder}"
        self._folder = folder
        self._recursive = recursive
        self._write_message = write_message
        # These two stay after a failure, for example of a network disk that is away for a while.
        self._growing: dict[str, tuple[FileState, float]] = {}  # with the monotonic time of the first listing with it
        try:
            self._known = KnownFiles(self._list())
        except OSError:
            self._known = KnownFiles(None)

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
            listing = self._list()
        except OSError as error:
            raise UnavailableError(f"{self.uri}: cannot be read: {error.strerror}; is its disk there?") from None
        new = self._known.new_files(listing)
        for gone in self._growing.keys() - new.keys():
            del self._growing[gone]
        ready = []
        for name, state in new.items():
            if name in self._growing and self._growing[name][0] == state:
                ready.append(name)
            else:
                self._growing[name] = (state, time.monotonic())
        return sorted(ready, key=lambda name: (new[name].modified_ns, name))

    def _list(self) -> Listing:
        return list_files(self._folder, recursive=self._recursive)

    def _decode(self, name: str) -> npt.NDArray[np.uint8] | None:
        """The picture in the file ``name``; None if it is not a picture, or not complete."""
        state, since_s = self._growing[name]
        try:
            pixels = decode_frame(os.path.join(self._folder, name))
        except ImageError as error:
            if time.monotonic() - since_s < SETTLE_S:
                return None
            self._write_message(f"skipped {os.path.join(self._folder, name)}: {error}")
            pixels = None
        del self._growing[name]
        self._known.add(name, state)
        return pixels

    def close(self) -> None:
        """Nothing to do: no file stays open."""
