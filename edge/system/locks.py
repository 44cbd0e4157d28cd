"""A lock that another process cannot take, and that ends with the process that has it."""

from __future__ import annotations

import sys


def try_lock(descriptor: int) -> bool:
    """Lock the open file or folder ``descriptor`` until it is closed; False if another process has the lock.

    Not for Windows: what needs a lock there is SQLite, which has its own. Raises :class:`OSError` if the file system
    has no locks.
    """
    if sys.platform == "win32":
        raise OSError("locks are for Linux and macOS")
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
