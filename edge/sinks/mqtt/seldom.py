"""Messages that would come again and again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

_EVERY_S = 60.0


class SeldomMessages:
    """Writes each text at most once a minute."""

    def __init__(self, write_message: Callable[[str], None]) -> None:
        """Write with ``write_message``."""
        self._write_message = write_message
        self._written_s: dict[str, float] = {}

    def write(self, text: str) -> None:
        """Write ``text``, unless it was written a short time ago. There may be few different texts only."""
        now_s = time.monotonic()
        if now_s - self._written_s.get(text, -math.inf) >= _EVERY_S:
            self._written_s[text] = now_s
            self._write_message(text)
