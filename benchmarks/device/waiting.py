"""Waiting for another program, with a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def wait(look: Callable[[], object], limit_s: float = 10.0) -> bool:
    """Whether ``look`` returns something true within ``limit_s`` seconds."""
    until_s, pace = time.monotonic() + limit_s, threading.Event()
    while not look():
        if time.monotonic() > until_s:
            return False
        pace.wait(0.02)
    return True
