"""One sink of a stream: its queue and its thread, its losses and its failures."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable

import numpy as np

from edge.errors import EdgeError
from edge.sinks.protocol import ObservationSink, SinkClosed
from edge.statistics import StreamStatistics
from edge.types import Observation

QUEUE_LENGTH = 8
"""The most observations that wait for one sink; each holds its frame, 0.9 MB at 640 x 480."""
LONG_QUEUE_LENGTH = 100
"""The same for a sink with ``long_queue``, without pixels. That is a few seconds: a short pause of the reader loses
nothing, and a reader that is too slow does not get labels of a minute ago."""
MESSAGE_EVERY_S = 60.0
"""The shortest time between two messages about the same loss or failure of a sink, in seconds."""
_DRAIN_WITHIN_S = 0.3
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 30.0
_OTHER_FAILURE_AFTER_S = 5.0
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


class SinkWorker:
    """Runs one sink on a thread of its own, behind a short queue.

    If the queue is full, its oldest observation is dropped and counted. A sink that cannot be opened is tried again
    after 1 s, then 2 s, up to 30 s. ``ended`` is true when the sink takes nothing more.
    """

    def __init__(
        self,
        sink: ObservationSink,
        statistics: StreamStatistics,
        write_message: Callable[[str], None],
        loss: threading.Event,
    ) -> None:
        """Run ``sink`` after :meth:`start`; ``loss`` is set after each drop."""
        self.name = sink.name
        self.ended = False
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)
        self._sink, self._statistics, self._write_message, self._loss = sink, statistics, write_message, loss
        self._long_queue = getattr(sink, "long_queue", False)
        self._length = LONG_QUEUE_LENGTH if self._long_queue else QUEUE_LENGTH
        self._queue: deque[Observation] = deque()
        self._changed = threading.Condition()
        self._drain_until_s: float | None = None
        self._dropped = self._dropped_since_message = 0
        self._last_failure = ("", -MESSAGE_EVERY_S)

    def start(self) -> None:
        """Start the thread, which opens the sink."""
        self._thread.start()

    def offer(self, observation: Observation) -> None:
        """Queue ``observation``, instead of the oldest one if the queue is full."""
        if self._long_queue:
            observation = observation._replace(frame=observation.frame._replace(pixels=_NO_PIXELS))
        with self._changed:
            if self.ended:
                return
            if len(self._queue) == self._length:
                self._queue.popleft()
                self._count_dropped(1)
            self._queue.append(observation)
            self._changed.notify()

    def finish(self) -> None:
        """Let the thread end when the queue is empty, or after 0.3 s."""
        with self._changed:
            self._drain_until_s = time.monotonic() + _DRAIN_WITHIN_S
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait up to ``timeout_s`` seconds until the thread has ended; returns whether it has."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def report_dropped(self) -> None:
        """Print how many observations were dropped since the last such message, if any were."""
        with self._changed:
            new, total = self._dropped_since_message, self._dropped
            self._dropped_since_message = 0
        if new:
            self._write_message(f"{self.name}: too slow or not there: observations dropped: {new}, so far {total}")

    def _count_dropped(self, count: int) -> None:
        self._dropped += count
        self._dropped_since_message += count
        self._statistics.count_sink("sink_dropped", self.name, count)
        self._loss.set()

    def _run(self) -> None:
        try:
            if self._open():
                self._write_all()
        except SinkClosed:
            with self._changed:
                self._queue.clear()  # without a reader they do not count as dropped
        finally:
            with self._changed:
                self.ended = True
                if self._queue:
                    self._count_dropped(len(self._queue))
                self._queue.clear()
            try:
                self._sink.close()
            except SinkClosed:
                pass
            except Exception as error:
                self._report_failure(error)

    def _open(self) -> bool:
        """Open the sink, with as many tries as that takes; False if :meth:`finish` came first."""
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                self._sink.open()
                return True
            except SinkClosed:
                raise
            except Exception as error:
                self._report_failure(error, f"; trying again in {retry_s:.0f} s")
            with self._changed:
                if self._changed.wait_for(lambda: self._drain_until_s is not None, retry_s):
                    return False
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    def _write_all(self) -> None:
        """Write what is queued until :meth:`finish`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._drain_until_s is not None)
                if not self._queue or (self._drain_until_s is not None and time.monotonic() > self._drain_until_s):
                    return
                observation = self._queue.popleft()
            try:
                self._sink.write(observation)
            except SinkClosed:
                raise
            except Exception as error:
                self._report_failure(error)

    def _report_failure(self, error: Exception, suffix: str = "") -> None:
        """Count ``error``, and print it unless it was printed a short time ago."""
        self._statistics.count_sink("sink_errors", self.name)
        expected = isinstance(error, EdgeError | OSError)
        text = str(error) if expected else repr(error)
        last_text, printed_s = self._last_failure
        now_s = time.monotonic()
        if now_s - printed_s < (MESSAGE_EVERY_S if text == last_text else _OTHER_FAILURE_AFTER_S):
            return
        self._last_failure = (text, now_s)
        self._write_message(f"{self.name}: {text}{suffix}")
        if not expected:  # a bug keeps its traceback
            self._write_message("".join(traceback.format_exception(error)).rstrip())
