"""The lock of a session's folder: two sessions never change the same photos."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from edge.errors import UnavailableError
from edge.system.locks import try_lock


class SessionLock:
    """The lock in the file ``path``; the kernel releases it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises :class:`~edge.errors.UnavailableError` if another session has it, and OSError if it cannot be made.
        """
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            locked = try_lock(self._file)
        except OSError:
            os.close(self._file)
            raise
        if not locked:
            holder = os.pread(self._file, 20, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise UnavailableError(
                f"{path.parent.parent}: another session uses this folder (process {holder or 'unknown'}); end it first"
            )
        with contextlib.suppress(OSError):  # a full disk: the lock itself works
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; the second time nothing happens."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
