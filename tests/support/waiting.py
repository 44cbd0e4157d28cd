"""Waiting for another thread or process, with a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
TIMEOUT_S = 60
"""The time limit of a wait, in seconds: far longer than any wait takes."""


def wait_for(look: Callable[[], Result | None]) -> Result:
    """The first true value that ``look`` returns."""
    until, pace = time.monotonic() + TIMEOUT_S, threading.Event()
    while not (found := look()):
        assert time.monotonic() < until, f"nothing within {TIMEOUT_S} s"
        pace.wait(0.005)
    return found
