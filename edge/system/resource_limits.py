"""Limits of this process: of memory, of processor time, and of time."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading

GRACE_S = 10.0
"""How many seconds longer a child may run than its parent waits for it: the parent ends it first, with its own line."""

_ends = False
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_OUT_OF_TIME = 124  # the exit code of the program "timeout"


def limit_resources(*, memory_bytes: int | None = None, processor_s: float | None = None) -> None:
    """Limit the address space and the processor time of this process; it also leaves no core file if it crashes.

    A limit that is set already, as by ``ulimit -v``, stays if it is lower. Only Linux keeps all of these limits;
    Windows has none of them, and nothing happens there.
    """
    if sys.platform == "win32":
        return
    import resource

    _lower(resource.RLIMIT_CORE, 0, 0)
    if memory_bytes is not None:
        _lower(resource.RLIMIT_AS, memory_bytes, memory_bytes)
    if processor_s is not None:
        whole_s = math.ceil(processor_s)
        _lower(resource.RLIMIT_CPU, whole_s, whole_s + 5)


def allowed_memory_bytes() -> float:
    """How much address space this process may have, in bytes; infinity if it has no limit."""
    if sys.platform == "win32":
        return math.inf
    import resource

    return _as_number(resource.getrlimit(resource.RLIMIT_AS)[0])


def _lower(limit: int, soft: int, hard: int) -> None:
    """Set ``limit`` to ``soft`` and ``hard``, as far as these are lower than what it is: no user may raise a limit."""
    import resource

    now_soft, now_hard = map(_as_number, resource.getrlimit(limit))
    resource.setrlimit(limit, (int(min(soft, now_soft)), int(min(hard, now_hard))))


def _as_number(value: int) -> float:
    import resource

    return math.inf if value == resource.RLIM_INFINITY else value


def end_after(seconds: float) -> None:
    """End this process after ``seconds``, even if its parent was killed and cannot end it.

    A timer of the kernel ends it whatever it does. Windows has none: a thread ends it there, as soon as other code lets
    it run. On Linux it also ends with the thread that started it, because nobody waits for its answer then.
    """
    global _ends
    _ends = True
    if sys.platform == "linux":
        from ctypes import CDLL

        CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return
    timer = threading.Timer(seconds, os._exit, (_OUT_OF_TIME,))
    timer.daemon = True
    timer.start()


def ends_in_time() -> bool:
    """Whether :func:`end_after` was called in this process."""
    return _ends
