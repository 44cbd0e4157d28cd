"""The grabber: keeps the newest frame of a source, and keeps the source alive."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable

from edge.errors import UnavailableError
from edge.live.backoff import Backoff
from edge.live.connection import Connection, Pixels
from edge.messages import tell
from edge.sources.protocol import EndOfStream, FrameSource
from edge.statistics import StreamStatistics
from edge.types import Frame

HANG_FACTOR = 2.0
"""A source silent for this many of its own time limits is given up: it should have failed by itself."""

MAX_HANGING = 3
"""So many given-up connections may hang at a time; before another is opened, one of them must return."""

_STOP_S = 0.8


class Grabber:
    """Reads a source on threads of its own and hands out its newest frame, never an old one.

    A source that fails, hangs or sends what is no picture is closed and opened again after a wait that grows
    with every failure in a row, for ever or ``retries`` times.
    """

    def __init__(
        self,
        source: FrameSource,
        statistics: StreamStatistics,
        *,
        max_frame_age_s: float,
        retries: int | None = None,
        backoff: Backoff | None = None,
        tell: Callable[[str], None] = tell,
    ) -> None:
        """Grab from ``source``, which is not open yet, after :meth:`start`.

        Frames older than ``max_frame_age_s`` seconds are dropped and counted. After a failure the source is
        opened at most ``retries`` times before it gives a frame; None: for ever. ``tell`` gets one line for
        each event, from another thread.
        """
        self._source = source
        self._statistics = statistics
        self._max_frame_age_s = max_frame_age_s
        self._retries = retries
        self._backoff = backoff or Backoff()
        self._tell = tell
        self._condition = threading.Condition()
        self._newest: Frame | None = None
        self._sequence = 0
        self._outcome: BaseException | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="edge grabber", daemon=True)
        self._connection: Connection | None = None
        self._openings = 0
        self._failures = 0  # since the last frame
        self._told: str | None = None
        self._hanging: list[Connection] = []

    def start(self) -> None:
        """Begin to grab."""
        self._thread.start()

    def stop(self) -> None:
        """Stop grabbing and let go of the source; returns within a second even where the source hangs."""
        deadline_s = time.monotonic() + _STOP_S
        self._stopping.set()
        with self._condition:
            self._condition.notify_all()
        if self._connection is not None:
            self._connection.give_up()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
        if self._connection is not None:
            self._connection.join(max(0.0, deadline_s - time.monotonic()))

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        """Wait for a frame whose sequence number is above ``after`` and that is young enough.

        Returns None after ``timeout_s`` seconds without one, and after :meth:`stop`.

        Raises :class:`~edge.sources.protocol.EndOfStream` where the source has ended and its last frame was
        taken, :class:`~edge.errors.UnavailableError` where ``retries`` are used up, and whatever else the
        source raised, which waiting would not mend.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._condition:
            while not self._stopping.is_set():
                frame = self._take(after)
                if frame is not None:
                    return frame
                if self._outcome is not None:
                    raise self._outcome
                remaining_s = None if deadline_s is None else deadline_s - time.monotonic()
                if remaining_s is not None and remaining_s <= 0:
                    break
                self._condition.wait(remaining_s)
        return None

    def _take(self, after: int) -> Frame | None:
        frame = self._newest
        if frame is None or frame.sequence <= after:
            return None
        if time.monotonic() - frame.timestamp_s <= self._max_frame_age_s:
            return frame
        self._newest = None
        self._statistics.count("frames_stale")
        return None

    # On the connection's thread.

    def _on_opened(self) -> None:
        self._openings += 1
        if self._openings > 1:
            self._statistics.count("reconnects")

    def _on_grabbed(self, pixels: Pixels, timestamp_s: float) -> None:
        self._statistics.count("frames_grabbed")
        if self._failures:
            self._failures = 0
            self._told = None
            self._backoff.reset()
            self._tell(f"{self._source.uri}: is back")
        with self._condition:
            self._newest = Frame(pixels, timestamp_s, self._sequence)
            self._sequence += 1
            self._condition.notify_all()

    # On the grabber's own thread.

    def _supervise(self) -> None:
        try:
            while not self._stopping.is_set():
                failure = self._connect_and_wait()
                if failure is None or self._is_final(failure):
                    break
                self._stopping.wait(self._wait_s(failure))
        except BaseException as error:  # a bug; whoever waits for frames gets it with its traceback
            self._finish(error)

    def _connect_and_wait(self) -> BaseException | None:
        """Read one opening of the source to its end; returns the failure, None where all is to stop."""
        self._hanging = [connection for connection in self._hanging if connection.alive()]
        if len(self._hanging) >= MAX_HANGING:
            return UnavailableError(f"{self._source.uri}: {MAX_HANGING} attempts to read it hang; waiting for one")
        source = copy.copy(self._source)
        connection = self._connection = Connection(source, self._on_opened, self._on_grabbed)
        if self._stopping.is_set():  # asked only now: stop() sets this first, then looks for the connection
            return None
        connection.start()
        limit_s = HANG_FACTOR * source.time_limit_s
        while not connection.wait(max(0.0, limit_s - connection.silent_s())):
            if connection.silent_s() >= limit_s:
                connection.give_up()
                self._hanging.append(connection)
                return UnavailableError(f"{source.uri}: hangs; no answer in {limit_s:g} s")
        failure = connection.failure  # None where stop() gave it up
        if isinstance(failure, EndOfStream) and not source.ends:
            return UnavailableError(f"{source.uri}: the stream ended")
        return failure

    def _is_final(self, failure: BaseException) -> bool:
        """Whether ``failure`` ends everything; it is then what :meth:`newest` raises."""
        if isinstance(failure, EndOfStream):
            self._finish(failure)
            return True
        self._failures += 1
        self._statistics.count("source_errors")
        if not isinstance(failure, UnavailableError):
            self._finish(failure)
            return True
        if self._retries is not None and self._failures > self._retries:
            attempts = "" if self._retries == 0 else f" (after {self._retries} more attempts)"
            self._finish(UnavailableError(f"{failure}{attempts}"))
            return True
        return False

    def _wait_s(self, failure: BaseException) -> float:
        """The seconds to wait before the next attempt; told where the failure is new, then ever more seldom."""
        wait_s = self._backoff.next_s()
        told = str(failure)
        if told != self._told or self._failures & (self._failures - 1) == 0:
            self._told = told
            attempt = f" (failure {self._failures} in a row)" if self._failures > 1 else ""
            self._tell(f"{told}{attempt}; trying again in {wait_s:.1f} s")
        return wait_s

    def _finish(self, outcome: BaseException) -> None:
        with self._condition:
            self._outcome = outcome
            self._condition.notify_all()
