"""The signals of a program that runs for weeks: end, and read the model again."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
from collections.abc import Callable, Iterator

from edge.exit_codes import INTERRUPTED

_LOOK_EVERY_S = 0.25
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def signals_to(events: queue.SimpleQueue[int | None]) -> Iterator[None]:
    """Put the numbers of the signals that end a program, or ask it for a new model, into ``events``."""
    # A signal handler may call the queue's put. The main thread only waits for the queue, so the handlers run
    # immediately, or within _LOOK_EVERY_S: an inference runs in its own thread, without the interpreter lock.
    before = {number: signal.signal(number, lambda number, _: events.put(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for_end(
    events: queue.SimpleQueue[int | None], reload: Callable[[], None], look: Callable[[], None] = lambda: None
) -> int:
    """Wait for None in ``events``, or for a signal that ends the program; returns the exit code.

    SIGTERM has the code 0 and SIGINT 130. SIGHUP calls ``reload``; if the terminal was closed, it is an end with 0.
    ``look`` is called a few times each second meanwhile.
    """
    terminals = [descriptor for descriptor in range(3) if os.isatty(descriptor)]
    while (event := _next(events, look)) is not None:
        if event != signal.SIGHUP:
            return INTERRUPTED if event == signal.SIGINT else 0
        if not all(os.isatty(descriptor) for descriptor in terminals):
            return 0
        reload()
    return 0


def _next(events: queue.SimpleQueue[int | None], look: Callable[[], None]) -> int | None:
    # A signal that the system delivers to another thread, or just before this thread waits, does not end the wait.
    # Its handler runs as soon as this thread runs Python code again.
    while True:
        with contextlib.suppress(queue.Empty):
            return events.get(timeout=_LOOK_EVERY_S)
        look()
