"""Time limits for several steps together: a moment on the monotonic clock."""

from __future__ import annotations

import time


def time_left_s(deadline_s: float) -> float:
    """The seconds until ``deadline_s`` on the monotonic clock, more than 0. Raises :class:`TimeoutError` after it."""
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s
