"""Opening and replacing files as every system allows."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

BINARY: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
"""What :func:`os.open` needs so that bytes stay as they are and no child process gets the file."""

_ATTEMPTS, _WAIT_S = 20, 0.1


def open_now(path: str, flags: int) -> int:
    """An opener for :func:`open` that does not wait for the writer of a pipe, if ``path`` has become one.

    Raises :class:`OSError`.
    """
    try:
        return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except BlockingIOError:  # another program has a lease on the file: the system asks it first
        return os.open(path, flags)


def replace(source: Path, target: Path) -> None:
    """Rename ``source`` to ``target``, which it replaces in one step if it is there.

    Windows refuses that as long as a program has ``target`` open: a viewer, a virus scanner, a synchronised folder.
    Most have it only for a moment, so this tries again there for two seconds.

    Raises :class:`OSError`.
    """
    for left in reversed(range(_ATTEMPTS)):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if sys.platform != "win32" or not left or target.is_dir():
                raise
            time.sleep(_WAIT_S)


def set_mode(descriptor: int, mode: int) -> None:
    """Give the open file ``descriptor`` the permissions ``mode``; Windows has no such permissions."""
    if sys.platform != "win32":
        os.fchmod(descriptor, mode)


def is_closed_pipe(error: OSError) -> bool:
    """Whether ``error`` of a write says that nobody reads the pipe any more, as after ``| head``."""
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32" and error.errno == 22 and error.filename is None
    )
