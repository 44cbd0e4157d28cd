"""Waiting for what another thread or process does, with a bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
TIMEOUT_S = 60
"""How long anything may take before a test fails: far longer than it ever does."""


def wait_for(look: Callable[[], Result | None]) -> Result:
    """What ``look`` returns, as soon as that is true."""
    until, pace = time.monotonic() + TIMEOUT_S, threading.Event()
    while not (found := look()):
        assert time.monotonic() < until, f"waited {TIMEOUT_S} s in vain"
        pace.wait(0.005)
    return found
