"""Start and end a stream. Signals are handled immediately, even while a model, a camera or a sink is busy."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from edge.live.fanout import Fanout
from edge.live.grabber import Grabber
from edge.live.protocols import ModelSource
from edge.live.signals import signals_to, wait_for_end
from edge.service.notify import Notifier
from edge.system.signals import interrupted_at_once

_END_S = 0.9
"""How long all parts together may take to end: with the end of Python itself it is less than a second."""

_LAST_FRAME_S = 0.2
"""How long of that the last frame may take to reach the sinks, before they are closed."""


class _Part(Protocol):
    def start(self) -> None: ...


def run(
    watch: Callable[[threading.Event], None],
    *,
    grabber: Grabber,
    fanout: Fanout,
    models: ModelSource,
    notifier: Notifier,
    look: Callable[[], None] = lambda: None,
    loaded: threading.Event | None = None,
) -> int:
    """Run ``watch`` on a thread of its own until it ends or a signal ends it; returns the exit code.

    ``watch`` is called with the event that is set when it must end.

    SIGTERM ends it with 0 and SIGINT with 130, within a second. SIGHUP reads the model file again; if the terminal was
    closed, it ends it with 0 instead. With ``loaded``, each of these signals ends the process at once until that is
    set: code is loaded that may hang so that Python does too. ``look`` is called a few times each second. A part that
    does not end in time is left to the end of the process: :mod:`edge.__main__` does not wait for it.

    Raises the exception of ``watch``.
    """
    events: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # None: the watch has ended
    stopping = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            watch(stopping)
        except BaseException as error:
            failures.append(error)
        events.put(None)
        if loaded is not None:
            loaded.set()

    worker = threading.Thread(target=work, name="watch", daemon=True)
    parts = (fanout, grabber, worker)
    if loaded is not None:
        with interrupted_at_once():
            _start(parts)
            loaded.wait()
    with signals_to(events):
        if loaded is None:
            _start(parts)
        code = wait_for_end(events, models.request, look)
        notifier.stopping()
        stopping.set()
        deadline_s = time.monotonic() + _END_S
        ends = [_on_a_thread(end) for end in (grabber.stop, models.stop)]
        worker.join(_LAST_FRAME_S)
        ends.append(_on_a_thread(fanout.close))
        for thread in ends:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        notifier.close()
    if failures:
        raise failures[0]
    return code


def _start(parts: Iterable[_Part]) -> None:
    for part in parts:
        part.start()


def _on_a_thread(end: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    return thread
