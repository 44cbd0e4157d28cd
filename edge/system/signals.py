"""Signals, and how a child process ended: Windows has few signals, and no child that ends by one."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_FIRST_EXCEPTION = 0xC0000000  # Windows: exit codes from here on are exceptions that nothing handled, as 0xC0000005


def known_signals(*names: str) -> tuple[signal.Signals, ...]:
    """The signals ``names``, such as ``SIGHUP``, that this system has."""
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


def crash_name(code: int) -> str | None:
    """What ended a child process with the exit code ``code``, as :mod:`subprocess` gives it; None if it ended itself.

    The name of a signal, such as ``SIGSEGV``, or the number of an exception of Windows.
    """
    if code >= _FIRST_EXCEPTION:
        return f"exception 0x{code:08X}"
    if code >= 0:
        return None
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


@contextlib.contextmanager
def interrupted_at_once() -> Iterator[None]:
    """In the block, on the main thread, Ctrl-C ends this process at once, as SIGTERM does unless it is handled.

    It is for code that may hang and is not Python: there, a handler of Python's is not called.
    """
    on_main_thread = threading.current_thread() is threading.main_thread()
    if not on_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # another part of the program handles Ctrl-C, or it is ignored
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
