"""The files of a folder at one moment, with what tells an old file from a new one."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import NamedTuple

from edge.sources.files import reason_to_ignore


class FileState(NamedTuple):
    """What is known of a file without reading it.

    ``modified_ns`` is its time of change in nanoseconds; ``device`` is the number of the file system that it is on.
    """

    size_bytes: int
    modified_ns: int
    inode: int
    device: int

    @property
    def content(self) -> tuple[int, int]:
        """What stays the same while nothing is written to the file, even if its disk is removed and comes back."""
        return self.size_bytes, self.modified_ns


class Listing(NamedTuple):
    """The files of a folder.

    ``files`` has their paths in the folder. ``devices`` has each folder that was listed, the top one as an empty
    string, and the number of the file system that it is on; None if it is there and cannot be read.
    """

    files: dict[str, FileState]
    devices: dict[str, int | None]


def list_files(folder: str, *, recursive: bool) -> Listing:
    """List the regular files in ``folder``; with ``recursive`` also those in the folders below it. Links are followed.

    Hidden files and folders, and those that systems make for themselves, are ignored.

    Raises :class:`OSError` if ``folder`` cannot be read.
    """
    listing = Listing({}, {})
    entered: set[tuple[int, int]] = set()  # a link may lead back to a folder above it
    waiting = [""]
    while waiting:
        name = waiting.pop()
        try:
            _list_one(folder, name, listing, entered, waiting if recursive else None)
        except (FileNotFoundError, NotADirectoryError):  # removed meanwhile
            if not name:
                raise
        except OSError:
            if not name:
                raise
            listing.devices[name] = None
    return listing


def _list_one(top: str, name: str, listing: Listing, entered: set[tuple[int, int]], waiting: list[str] | None) -> None:
    """Add the files of the folder ``name`` in ``top`` to ``listing``, and the folders in it to ``waiting``."""
    handle = os.open(os.path.join(top, name), os.O_RDONLY | os.O_DIRECTORY)
    try:
        status = os.fstat(handle)
        if (status.st_dev, status.st_ino) in entered:
            return
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(handle) as entries:  # of the handle: another disk may be mounted there meanwhile
            listing.devices[name] = status.st_dev
            for entry in entries:
                if reason_to_ignore(entry.name):
                    continue
                path = os.path.join(name, entry.name)
                with contextlib.suppress(OSError):  # removed meanwhile, or a broken link
                    found = entry.stat()
                    if stat.S_ISREG(found.st_mode):
                        listing.files[path] = FileState(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
                    elif waiting is not None and stat.S_ISDIR(found.st_mode):
                        waiting.append(path)
    finally:
        os.close(handle)
