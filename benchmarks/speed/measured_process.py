"""A command of the trainer as a process of its own: how long it takes, and how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import NamedTuple


class Usage(NamedTuple):
    """Seconds from start to end, and the peak resident memory in bytes of its largest process, children included."""

    seconds: float
    peak_memory_bytes: int


def run_trainer(*arguments: str) -> Usage:
    """Run ``trainer`` with ``arguments``, without its output.

    Raises :class:`RuntimeError` if it does not end with 0.
    """
    # An installed package has its bytecode. Without it, to compile the modules would be a part of what is measured.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "trainer", *arguments]
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"trainer {arguments[0]} ended with {child.returncode}")
    return Usage(time.perf_counter() - started, usage.ru_maxrss * 1024)
