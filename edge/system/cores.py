"""The cores that this process may use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """How many cores the system lets this process use, at least 1.

    Linux can limit a process to some of them. Elsewhere all of the machine count.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
