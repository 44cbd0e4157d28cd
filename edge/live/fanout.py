"""From one stream to any number of sinks; a slow sink delays neither the others nor the stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from edge.live.sink_worker import MESSAGE_EVERY_S, SinkWorker
from edge.sinks.protocol import ObservationSink
from edge.statistics import StreamStatistics
from edge.types import Observation

_CLOSE_WITHIN_S = 0.7  # the process has a second for its end, and other parts end after the sinks


class Fanout:
    """Gives each sink a worker of its own: :class:`~edge.live.sink_worker.SinkWorker`."""

    def __init__(
        self, sinks: Sequence[ObservationSink], statistics: StreamStatistics, write_message: Callable[[str], None]
    ) -> None:
        """Serve ``sinks``, whose names differ.

        Losses and failures are counted in ``statistics``; ``write_message`` gets one line for each, at most once a
        minute for the same one.
        """
        self._loss = threading.Event()
        self._closing = threading.Event()
        self._write_message = write_message
        self._workers = [SinkWorker(sink, statistics, write_message, self._loss) for sink in sinks]
        self._loss_reporter = threading.Thread(target=self._report_losses, name="sink losses", daemon=True)

    def start(self) -> None:
        """Start the workers, which open their sinks."""
        self._loss_reporter.start()
        for worker in self._workers:
            worker.start()

    def write(self, observation: Observation) -> None:
        """Pass ``observation`` to every sink without waiting; after :meth:`close` to none.

        Raises BrokenPipeError if no sink has a reader any more, as a write to a closed pipe does.
        """
        if self._workers and all(worker.ended for worker in self._workers):
            if self._closing.is_set():
                return
            raise BrokenPipeError
        for worker in self._workers:
            worker.offer(observation)

    def close(self) -> None:
        """Let the sinks take what is queued, and close them. A sink that needs more than 0.7 s is abandoned."""
        deadline_s = time.monotonic() + _CLOSE_WITHIN_S
        self._closing.set()
        self._loss.set()  # wakes the reporter
        for worker in self._workers:
            worker.finish()
        for worker in self._workers:
            ended = worker.join(max(0.0, deadline_s - time.monotonic()))
            worker.report_dropped()
            if not ended:
                self._write_message(f"{worker.name}: did not end in time and was abandoned")

    def _report_losses(self) -> None:
        """On a thread of its own: the stream must not wait for stderr, and a sink that hangs cannot report."""
        while True:
            self._loss.wait()
            if self._closing.is_set():
                return
            self._loss.clear()
            for worker in self._workers:
                worker.report_dropped()
            if self._closing.wait(MESSAGE_EVERY_S):
                return
