"""What a process holds: threads and descriptors, each by what it is.

A count would do until something of an earlier test ends meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import threading


def threads() -> set[threading.Thread]:
    """The threads that run now."""
    return set(threading.enumerate())


def descriptors() -> set[tuple[str, str]]:
    """The open descriptors, each its number and what it points to (of a socket or a pipe: its inode)."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself is closed by now
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found
