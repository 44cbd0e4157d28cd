"""From one stream to any number of sinks, none of which can stall the others or the stream."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from edge.errors import EdgeError
from edge.sinks.protocol import ObservationSink, SinkClosed
from edge.statistics import StreamStatistics
from edge.types import Observation

QUEUE_LENGTH = 8
"""Observations that wait for one sink; each holds its frame, 0.9 MB at 640 x 480."""
RECORD_LENGTH = 100
"""Observations that wait for a sink that keeps a record, without pixels: some seconds, so that a hiccup costs nothing,
and yet nobody who reads too slowly is told what was true a minute ago."""
TELL_EVERY_S = 60.0
"""The same loss or failure of a sink is told once in this time, in seconds."""
_DRAIN_WITHIN_S, _CLOSE_WITHIN_S = 0.3, 0.7  # a process has a second for its end, and other parts to end
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 30.0
_OTHER_FAILURE_AFTER_S = 5.0
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


class Fanout:
    """Gives every sink a thread and a short queue of its own.

    Where a queue is full its oldest observation is dropped, counted and told. A sink that cannot be opened is
    tried again, after 1 s, then 2, at most 30. What happens is told through ``tell``, one line an event, and
    counted in ``statistics``.
    """

    def __init__(
        self, sinks: Sequence[ObservationSink], statistics: StreamStatistics, tell: Callable[[str], None]
    ) -> None:
        """Serve ``sinks``; their names are different."""
        self._lost = threading.Event()
        self._closing = threading.Event()
        self._tell = tell
        self._feeds = [_Feed(sink, statistics, tell, self._lost) for sink in sinks]
        self._teller = threading.Thread(target=self._tell_losses, name="sink losses", daemon=True)

    def start(self) -> None:
        """Start the sinks' threads, which open them."""
        for thread in (self._teller, *(feed.thread for feed in self._feeds)):
            thread.start()

    def write(self, observation: Observation) -> None:
        """Pass ``observation`` to every sink, without waiting for any; after :meth:`close` to none.

        Raises BrokenPipeError where no sink has a reader any more, as writing to a closed pipe does.
        """
        if self._feeds and all(feed.over for feed in self._feeds):
            if self._closing.is_set():
                return
            raise BrokenPipeError
        for feed in self._feeds:
            feed.offer(observation)

    def close(self) -> None:
        """Let the sinks take what waits for them, and close them; what is not done within 0.7 s is left behind."""
        until = time.monotonic() + _CLOSE_WITHIN_S
        self._closing.set()
        self._lost.set()  # wakes the teller
        for feed in self._feeds:
            feed.finish()
        for feed in self._feeds:
            if feed.thread.ident is not None:
                feed.thread.join(max(0.0, until - time.monotonic()))
            feed.tell_losses()
            if feed.thread.is_alive():
                self._tell(f"{feed.name}: did not end in time; left behind")

    def _tell_losses(self) -> None:
        """Losses are told from here: a stream must not wait for stderr, and a stuck sink cannot speak."""
        while True:
            self._lost.wait()
            if self._closing.is_set():
                return
            self._lost.clear()
            for feed in self._feeds:
                feed.tell_losses()
            if self._closing.wait(TELL_EVERY_S):
                return


class _Feed:
    """One sink, its queue and its thread."""

    def __init__(
        self,
        sink: ObservationSink,
        statistics: StreamStatistics,
        tell: Callable[[str], None],
        lost: threading.Event,
    ) -> None:
        self.name = sink.name
        self.over = False
        self.thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)
        self._sink, self._statistics, self._tell, self._any_lost = sink, statistics, tell, lost
        self._keeps_record = getattr(sink, "keeps_record", False)
        self._length = RECORD_LENGTH if self._keeps_record else QUEUE_LENGTH
        self._queue: deque[Observation] = deque()
        self._changed = threading.Condition()
        self._drain_until: float | None = None
        self._losses = self._untold = 0
        self._told = ("", -TELL_EVERY_S)

    def offer(self, observation: Observation) -> None:
        """Queue ``observation``, in place of the oldest where the queue is full."""
        if self._keeps_record:
            observation = observation._replace(frame=observation.frame._replace(pixels=_NO_PIXELS))
        with self._changed:
            if self.over:
                return
            if len(self._queue) == self._length:
                self._queue.popleft()
                self._lose(1)
            self._queue.append(observation)
            self._changed.notify()

    def finish(self) -> None:
        """Let the thread end once the queue is empty, or after a while."""
        with self._changed:
            self._drain_until = time.monotonic() + _DRAIN_WITHIN_S
            self._changed.notify()

    def tell_losses(self) -> None:
        """Tell what was dropped since this was last told."""
        with self._changed:
            untold, losses = self._untold, self._losses
            self._untold = 0
        if untold:
            self._tell(f"{self.name}: too slow or not there: observations dropped: {untold}, so far {losses}")

    def _lose(self, count: int) -> None:
        self._losses += count
        self._untold += count
        self._statistics.count_sink("sink_dropped", self.name, count)
        self._any_lost.set()

    def _run(self) -> None:
        try:
            if self._open():
                self._pump()
        except SinkClosed:
            with self._changed:
                self._queue.clear()  # nobody misses them
        finally:
            with self._changed:
                self.over = True
                if self._queue:
                    self._lose(len(self._queue))
                self._queue.clear()
            try:
                self._sink.close()
            except SinkClosed:
                pass
            except Exception as error:
                self._complain(error)

    def _open(self) -> bool:
        """Open the sink, however often that takes; False where the end came first."""
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                self._sink.open()
                return True
            except SinkClosed:
                raise
            except Exception as error:
                self._complain(error, f"; trying again in {retry_s:.0f} s")
            with self._changed:
                if self._changed.wait_for(lambda: self._drain_until is not None, retry_s):
                    return False
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    def _pump(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._drain_until is not None)
                if not self._queue or (self._drain_until is not None and time.monotonic() > self._drain_until):
                    return
                observation = self._queue.popleft()
            try:
                self._sink.write(observation)
            except SinkClosed:
                raise
            except Exception as error:
                self._complain(error)

    def _complain(self, error: Exception, then: str = "") -> None:
        """Count ``error``, and tell it unless it was told a moment ago."""
        self._statistics.count_sink("sink_errors", self.name)
        text = str(error) if isinstance(error, EdgeError | OSError) else repr(error)
        before, told_s = self._told
        now_s = time.monotonic()
        if now_s - told_s < (TELL_EVERY_S if text == before else _OTHER_FAILURE_AFTER_S):
            return
        self._told = (text, now_s)
        self._tell(f"{self.name}: {text}{then}")
        if not isinstance(error, EdgeError | OSError):  # a bug keeps its traceback
            self._tell("".join(traceback.format_exception(error)).rstrip())
