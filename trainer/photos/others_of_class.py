"""A photo that cannot be read, and the others of its class: if none of them can be, it is no matter of the photo.

A share that was unmounted, a key or rights that were taken away, a stick that dies: a run must not skip the rest of the
photos one by one, and end well with a model of the first third of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge import unread_photos
from edge.errors import ImageError, NotReadError, StorageError
from edge.shorten import shorten
from edge.system.drives import with_limit
from trainer.photos.bucket import in_bucket
from trainer.photos.bucket_photo import read_from_bucket
from trainer.photos.photo_files import PhotoFile

TRIED = 10
"""How many other photos of a class are tried, if none that was read before can be read."""


class OthersOfClass:
    """Knows which photos of each class could be read, among ``files``."""

    def __init__(self, files: Sequence[PhotoFile]) -> None:
        self._files = files
        self._last: dict[str, PhotoFile] = {}
        self._spread: dict[str, list[PhotoFile]] = {}

    def note(self, file: PhotoFile, error: ImageError | None) -> None:
        """Note what came of ``file``: no ``error``, or that. If it cannot be read, another one of its class must be.

        Raises :class:`~edge.errors.StorageError` if neither the one that was read last can be nor any of
        :data:`TRIED` others, and the errors of :func:`can_be_read`. A class may have no other one.
        """
        if not isinstance(error, NotReadError):
            self._last[file.label] = file
            return
        if file.label not in self._spread:
            same = [other for other in self._files if other.label == file.label]
            step = max(1, len(same) // TRIED)
            self._spread[file.label] = same[::step][: TRIED + 1]  # one of them may be the file itself
        last = self._last.get(file.label)
        others = {other.relative: other for other in ([last] if last else []) + self._spread[file.label]}
        others.pop(file.relative, None)
        for other in others.values():
            if can_be_read(other.path):
                self._last[file.label] = other
                return
        if others:
            raise StorageError(
                f"{file.path}: {error}; neither can other photos of {shorten(file.label)} ({len(others)} tried); mend "
                "the drive, the key or the rights, and run again to go on"
            )


def can_be_read(path: Path) -> bool:
    """Whether the photo at ``path`` can be read now.

    Raises :class:`~edge.errors.StorageError` if its drive does not answer, and
    :class:`~edge.errors.UnavailableError` if the server of its bucket does not.
    """
    if not in_bucket(path):
        return unread_photos.can_be_read(path)
    try:
        with_limit(lambda: read_from_bucket(path))
    except OSError:  # it is gone, or forbidden
        return False
    except ImageError:  # it is empty or too large now
        pass
    return True
