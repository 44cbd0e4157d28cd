"""Reading a whole file of limited size: not a device, not a pipe, nothing that would fill the memory."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from edge.system.drives import asking, with_limit

SMALL_BYTES = 1 << 20
"""The largest file that holds a secret, certificates or a list of hosts, in bytes."""

NOT_REGULAR = errno.EINVAL
"""The number of the error for a device, a pipe or a socket."""

_PIECE_BYTES = 1 << 16


def read_regular(path: Path, largest: int) -> bytes:
    """The content of the file at ``path``, which may have ``largest`` bytes.

    Raises :class:`OSError`, whose ``strerror`` says why, if it cannot be read, is a folder, a pipe or a device
    (:data:`NOT_REGULAR`), or is larger (``EFBIG``), and :class:`~edge.errors.StorageError` if its drive does not
    answer.
    """
    return with_limit(lambda: _read(path, largest))


def check_regular(path: str | os.PathLike[str]) -> None:
    """Raise :class:`OSError`, whose ``strerror`` says it, if ``path`` is a pipe, a device or a socket.

    It is for files that other code opens: opening a pipe waits until something writes to it. What is not there, or may
    not be looked at, is left to that code.
    """
    try:
        with_limit(lambda: _check(path))
    except OSError as error:
        if error.errno == NOT_REGULAR:
            raise


def is_pipe(path: str | os.PathLike[str]) -> bool:
    """Whether ``path`` is a pipe: opening it waits for its writer. False if it cannot be looked at."""
    with asking(path), contextlib.suppress(OSError, ValueError):  # whoever opens it says why
        return stat.S_ISFIFO(os.stat(path).st_mode)
    return False


def is_pipe_in_time(path: str | os.PathLike[str]) -> bool:
    """As :func:`is_pipe`, which is for threads whose questions to drives have a limit of time already.

    Raises :class:`~edge.errors.StorageError` if its drive does not answer.
    """
    return with_limit(lambda: is_pipe(path))


def _check(path: str | os.PathLike[str]) -> os.stat_result:
    with asking(path):
        status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError(NOT_REGULAR, "a device, a pipe or a socket; give a regular file")
    return status


def _read(path: Path, largest: int) -> bytes:
    size_bytes = _check(path).st_size
    if size_bytes > largest:
        raise _too_large(largest)
    pieces, read_bytes = [], 0
    with asking(path), path.open("rb") as file:
        while read_bytes <= largest and (piece := file.read(max(size_bytes + 1 - read_bytes, _PIECE_BYTES))):
            pieces.append(piece)
            read_bytes += len(piece)
    if read_bytes > largest:  # it grew, or its size is not known before
        raise _too_large(largest)
    return b"".join(pieces)


def _too_large(largest: int) -> OSError:
    return OSError(errno.EFBIG, f"it has more than {largest >> 20} MB")
