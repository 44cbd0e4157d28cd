"""Which files of a folder are known already, whatever happens to their names and to the disk that they are on."""

from __future__ import annotations

import os
import time

from edge.sources.folder_listing import FileState, Listing

MAX_AWAY = 100_000
"""The most files of removed disks that are remembered; each takes about 200 bytes."""

_Place = tuple[int, int, int]  # device, inode and size in bytes

_COARSE_S = 2.0  # FAT stores times of change in steps of two seconds


class KnownFiles:
    """The files that were there at the start or that were read since.

    A file is known by its path, size and time of change. It stays known

    - under another name, if it was renamed;
    - with an earlier time of change, which programs set that copy a file: to write to it would set a later one;
    - if its disk is removed and comes back, also with other numbers of files and of the disk.

    A file that was deleted is forgotten. On a disk that comes later than the start, files that were changed before the
    start are known: they are old pictures.
    """

    def __init__(self, listing: Listing | None) -> None:
        """Know the files of ``listing``; None if the folder could not be read."""
        self._files: dict[str, FileState] = dict(listing.files) if listing else {}
        self._away: dict[str, tuple[int, int]] = {}  # path -> content, of files on a disk that is not there
        self._vanished: dict[_Place, int] = {}  # in the last listing: a rename may take effect between two
        self._devices = _devices(listing) if listing else set()
        self._start_s = time.monotonic()

    def __len__(self) -> int:
        """The number of files that take memory."""
        return len(self._files) + len(self._away)

    def add(self, path: str, state: FileState) -> None:
        """Know the file at ``path``, which was read when it had ``state``."""
        self._files[path] = state

    def new_files(self, listing: Listing) -> dict[str, FileState]:
        """The files of ``listing`` that are not known."""
        vanished_before, self._vanished = self._vanished, self._forget_vanished(listing)
        renamed = {**vanished_before, **self._vanished}
        # Not the time of day at the start: a board without a clock learns it from the network some time later.
        start_ns = int((time.time() - (time.monotonic() - self._start_s) - _COARSE_S) * 1e9)
        new = {}
        for path, state in listing.files.items():
            if (
                self._is_known(path, state)
                or _is_older(state, renamed)
                or (state.device not in self._devices and state.modified_ns < start_ns)
            ):
                self._away.pop(path, None)
                self._files[path] = state
            else:
                new[path] = state
        self._devices |= _devices(listing)
        return new

    def _is_known(self, path: str, state: FileState) -> bool:
        """Whether a file with ``state`` was known under this path."""
        known = self._files.get(path)
        return (
            self._away.get(path) == state.content
            or (known is not None and known.content == state.content)
            or (known is not None and _is_older(state, {_place(known): known.modified_ns}))
        )

    def _forget_vanished(self, listing: Listing) -> dict[_Place, int]:
        """Forget the files that ``listing`` lacks; those whose disk is away are remembered.

        Returns where they were, with their times of change, and so for files that others have replaced.
        """
        vanished = {}
        for path, state in list(self._files.items()):
            now = listing.files.get(path)
            if now is None or _place(now) != _place(state):
                vanished[_place(state)] = state.modified_ns
            if now is not None:
                continue
            del self._files[path]
            if _nearest_device(path, listing) != state.device:
                self._away[path] = state.content
        while len(self._away) > MAX_AWAY:
            del self._away[next(iter(self._away))]
        return vanished


def _place(state: FileState) -> _Place:
    return state.device, state.inode, state.size_bytes


def _is_older(state: FileState, places: dict[_Place, int]) -> bool:
    """Whether a file of one of ``places`` has ``state``, or had it with a later time of change."""
    return state.modified_ns <= places.get(_place(state), -1)


def _devices(listing: Listing) -> set[int]:
    return {device for device in listing.devices.values() if device is not None}


def _nearest_device(path: str, listing: Listing) -> int | None:
    """The device of the folder of ``path``, or of the nearest folder above it that is there; None: cannot be read."""
    folder = os.path.dirname(path)
    while folder not in listing.devices:
        folder = os.path.dirname(folder)
    return listing.devices[folder]
