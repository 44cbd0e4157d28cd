"""Sinks of a fanout that keep what they take, and what it says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.live.fanout import Fanout
from edge.statistics import StreamStatistics
from edge.types import Observation

WAIT_S = 20.0


class Notes:
    """What was appended, from any thread; :meth:`wait` waits until it is as wanted."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._changed = threading.Condition()

    def append(self, item: object) -> None:
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[list[object]], object]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: wanted(self.items), WAIT_S), self.items


class Recorder:
    """A sink that keeps what it takes; ``gate`` holds it up, ``failures`` are raised first, one a call."""

    def __init__(self, name: str = "quick") -> None:
        self.name = name
        self.long_queue = False
        self.taken = Notes()
        self.calls = Notes()
        self.gate = threading.Event()
        self.gate.set()
        self.open_failures: list[Exception] = []
        self.write_failures: list[Exception] = []

    def open(self) -> None:
        self.calls.append("open")
        if self.open_failures:
            raise self.open_failures.pop(0)

    def write(self, observation: Observation) -> None:
        self.calls.append("write")
        self.gate.wait(WAIT_S)
        if self.write_failures:
            raise self.write_failures.pop(0)
        self.taken.append(observation)

    def close(self) -> None:
        self.calls.append("close")


@contextmanager
def running(*sinks: Recorder) -> Iterator[tuple[Fanout, StreamStatistics, Notes]]:
    """A started fanout, its statistics and its messages; every gate is opened at the end."""
    statistics, messages = StreamStatistics(), Notes()
    fanout = Fanout(sinks, statistics, messages.append)
    fanout.start()
    try:
        yield fanout, statistics, messages
    finally:
        for sink in sinks:
            sink.gate.set()
        fanout.close()
