"""Photos that cannot be read: one of them is skipped, but if none can be read any more, the drive is at fault."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from edge.errors import ImageError, NotReadError, StorageError
from edge.system.drives import ask_drive
from edge.system.file_changes import open_now

IN_A_ROW = 10
"""If so many photos in a row cannot be read, the last photo that could be read is tried again."""

_OF_DAMAGE = (None, errno.EINVAL, errno.EOVERFLOW)
"""Numbers of errors that come of a damaged picture: Pillow's own have none, and some jump out of their file."""

Result = TypeVar("Result")


def is_of_drive(error: BaseException) -> bool:
    """Whether ``error``, of decoding a file, says that the file cannot be read."""
    return isinstance(error, OSError) and error.errno not in _OF_DAMAGE


def can_be_read(path: Path) -> bool:
    """Whether the beginning of the file at ``path`` can be read now, from its drive and not from memory.

    Raises :class:`~edge.errors.StorageError` if the drive does not answer.
    """
    return ask_drive(path, lambda: _can_be_read(path))


def _can_be_read(path: Path) -> bool:
    try:
        with open(path, "rb", buffering=0, opener=open_now) as file:  # a path has no opener
            if hasattr(os, "posix_fadvise"):
                with contextlib.suppress(OSError):  # a pipe
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            file.read(1)
    except OSError:
        return False
    return True


class UnreadInARow:
    """Counts photos in a row that cannot be read; after ``in_a_row`` of them the photo before them must be readable."""

    def __init__(self, in_a_row: int = IN_A_ROW, can_be_read: Callable[[Path], bool] = can_be_read) -> None:
        self._in_a_row = in_a_row
        self._can_be_read = can_be_read
        self._last: Path | None = None
        self._count = 0

    def read(self, path: Path) -> None:
        """Note that the photo at ``path`` could be read."""
        self._last, self._count = path, 0

    def unread(self, path: Path, why: str) -> None:
        """Note ``why`` the photo at ``path`` cannot be read.

        Raises :class:`~edge.errors.StorageError` if the one that was read before them all cannot be any more either.
        """
        self._count += 1
        last = self._last
        if self._count % self._in_a_row == 0 and last is not None and not self._can_be_read(last):
            raise StorageError(
                f"{path}: {why}; neither can {last}, which could be before; mend the drive or the rights, and run again"
            )


def while_readable(results: Iterable[tuple[Path, Result, ImageError | None]], row: UnreadInARow) -> Iterator[Result]:
    """The second of each of ``results``: (path of a photo, result, the error that it had, None if it had none).

    Raises the errors of :meth:`UnreadInARow.unread` of ``row``.
    """
    for path, result, error in results:
        yield result
        if isinstance(error, NotReadError):
            row.unread(path, str(error))
        else:
            row.read(path)
