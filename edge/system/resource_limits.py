"""Limits of this process: of memory, of processor time, and of time."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading

_OUT_OF_TIME = 124  # the exit code of the program "timeout"


def limit_resources(*, memory_bytes: int | None = None, processor_s: float | None = None) -> None:
    """Limit the address space and the processor time of this process; it also leaves no core file if it crashes.

    Only Linux keeps all of these limits; Windows has none of them, and nothing happens there.

    Raises :class:`OSError` or :class:`ValueError` if a limit is larger than one that is already set.
    """
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    if processor_s is not None:
        whole_s = math.ceil(processor_s)
        resource.setrlimit(resource.RLIMIT_CPU, (whole_s, whole_s + 5))


def end_after(seconds: float) -> None:
    """End this process after ``seconds``, even if its parent was killed and cannot end it.

    A timer of the kernel ends it whatever it does. Windows has none: a thread ends it there, as soon as other code lets
    it run.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return
    timer = threading.Timer(seconds, os._exit, (_OUT_OF_TIME,))
    timer.daemon = True
    timer.start()
