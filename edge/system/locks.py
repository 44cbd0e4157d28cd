"""A lock that another process cannot take, and that ends with the process that has it."""

from __future__ import annotations

import os
import sys

_LOCKED_BYTE = (1 << 31) - 2  # the last one that Windows' C library can lock; no file that is locked is as long


def try_lock(descriptor: int) -> bool:
    """Lock the open file or folder ``descriptor`` until it is closed; False if another process has the lock.

    Windows opens no folder, and locks files alone. Raises :class:`OSError` if the file system has no locks.
    """
    if sys.platform == "win32":
        return _try_lock_byte(descriptor)
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_byte(descriptor: int) -> bool:
    """Lock a byte behind the end of the file: another process cannot read one that is locked."""
    import msvcrt

    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    except PermissionError:
        return False
    finally:
        os.lseek(descriptor, place, os.SEEK_SET)
    return True
