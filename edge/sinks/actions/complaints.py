"""Messages about failures of an action: the same one at most once a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY_S = 60.0
"""The shortest time between two messages with the same text, in seconds."""

_TEXTS = 32


class Complaints:
    """Prints messages, but not the same one again within :data:`EVERY_S`."""

    def __init__(self, write_message: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """Print with ``write_message``; ``clock`` gives seconds."""
        self._write_message, self._clock = write_message, clock
        self._printed_s: dict[str, float] = {}

    def print(self, text: str) -> None:
        """Print ``text``, unless it was printed a short time ago."""
        now_s = self._clock()
        if now_s - self._printed_s.get(text, now_s - EVERY_S) < EVERY_S:
            return
        if len(self._printed_s) >= _TEXTS:
            self._printed_s.clear()
        self._printed_s[text] = now_s
        self._write_message(text)
