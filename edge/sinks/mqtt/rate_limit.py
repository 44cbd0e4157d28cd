"""A limit of how often something may happen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class RateLimit:
    """Counts what happens, so that a flood of messages does not become a flood of work or of answers."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``count`` times in ``seconds`` are allowed; ``clock`` gives the time in seconds. Nothing happened yet."""
        self._seconds, self._clock = seconds, clock
        self._taken_s: deque[float] = deque(maxlen=count)

    def take(self) -> bool:
        """Whether it may happen once more now; True counts as one."""
        now_s = self._clock()
        if len(self._taken_s) == self._taken_s.maxlen and now_s - self._taken_s[0] < self._seconds:
            return False
        self._taken_s.append(now_s)
        return True
