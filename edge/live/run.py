"""Starting and ending a stream: signals are heard at once, whatever a model, a camera or a sink is busy with."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from edge.exits import INTERRUPTED
from edge.live.swap import ModelSwap
from edge.live.watch import Watch
from edge.service.notify import Notifier

_END_S = 0.9
"""How long all parts together may take to end: with Python's own end it stays below a second."""

_WORKER_END_S = 0.2
"""How long of that the frame in hand may take to reach the sinks, before they are closed."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Grabbing(Protocol):
    """What is started and stopped of :class:`edge.live.grabber.Grabber`."""

    def start(self) -> None:
        """Begin to grab."""

    def stop(self) -> None:
        """Let go of the source."""


class Listening(Protocol):
    """What is started and ended of :class:`edge.live.fanout.Fanout`."""

    def start(self) -> None:
        """Begin to pass on."""

    def close(self) -> None:
        """Pass on what is waiting, and let go of the sinks."""


def run(watch: Watch, grabber: Grabbing, fanout: Listening, swap: ModelSwap, notifier: Notifier) -> int:
    """Run ``watch`` on a thread of its own until it ends or a signal ends it; return the exit code.

    SIGTERM ends in 0 and SIGINT in 130, within a second; SIGHUP looks for a new model, unless it means that
    the terminal has gone, which ends in 0. A part that does not end in time is left to the end of the process,
    which :mod:`edge.__main__` makes without waiting for it.

    Raises what ``watch`` raises.
    """
    events: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # None: the watch has ended
    stopping = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            watch.run(stopping)
        except BaseException as error:
            failures.append(error)
        events.put(None)

    worker = threading.Thread(target=work, name="watch", daemon=True)
    with _signals_to(events):
        fanout.start()
        grabber.start()
        worker.start()
        code = _wait(events, swap)
        notifier.stopping()
        stopping.set()
        deadline_s = time.monotonic() + _END_S
        ends = [_aside(end) for end in (grabber.stop, swap.stop)]
        worker.join(_WORKER_END_S)
        ends.append(_aside(fanout.close))
        for thread in ends:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        notifier.close()
    if failures:
        raise failures[0]
    return code


@contextlib.contextmanager
def _signals_to(events: queue.SimpleQueue[int | None]) -> Iterator[None]:
    # The queue's put may be called from a handler. The main thread does nothing but wait for it, so that the
    # handlers run at once: an inference goes on in its own thread, without the interpreter lock.
    before = {number: signal.signal(number, lambda number, _: events.put(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(events: queue.SimpleQueue[int | None], swap: ModelSwap) -> int:
    """The exit code, once the watch has ended or somebody wants it to."""
    terminals = [descriptor for descriptor in range(3) if os.isatty(descriptor)]
    while (event := events.get()) is not None:
        if event != signal.SIGHUP:
            return INTERRUPTED if event == signal.SIGINT else 0
        if not all(os.isatty(descriptor) for descriptor in terminals):
            return 0
        swap.request()
    return 0


def _aside(end: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    return thread
