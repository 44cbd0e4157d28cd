"""What the page shows: the newest observation, the state of the stream, and the last minutes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import NamedTuple

from edge.sinks.web.changes import Changes
from edge.types import Observation

HISTORY_S = 300
"""The length of the history, in seconds; it has one moment for each second with a frame."""

_RATE_FRAMES = 20  # the frame rate is averaged over this many frames
# A stream is stalled if there is no frame for this time and for this many of its own intervals.
_STALLED_S = 3.0
_STALLED_INTERVALS = 3.0


class Moment(NamedTuple):
    """Label and score in one second of the history; ``timestamp_s`` is the frame's monotonic time, in seconds."""

    timestamp_s: float
    label: str
    score: float


class Feed:
    """Observations for the page: the sink's thread writes them, and viewers on the server's thread wait for them."""

    def __init__(self) -> None:
        """Start without an observation."""
        self.newest: Observation | None = None
        self.closed = False
        self._opened_s = time.monotonic()
        self._lock = threading.Lock()
        self._history: deque[Moment] = deque(maxlen=HISTORY_S)
        self._grabbed_s: deque[float] = deque(maxlen=_RATE_FRAMES)
        self._changes = Changes()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the event loop on which viewers wait."""
        self._changes.attach(loop)

    def put(self, observation: Observation) -> None:
        """Make ``observation`` the newest one. Any thread may call it; it never waits."""
        grabbed_s = observation.frame.timestamp_s
        with self._lock:
            if len(self._grabbed_s) > 1 and grabbed_s - self._grabbed_s[-1] > self._stalled_after_s():
                self._grabbed_s.clear()  # a pause is not a low frame rate
            self._grabbed_s.append(grabbed_s)
            if self._history and int(self._history[-1].timestamp_s) == int(grabbed_s):
                self._history.pop()
            self._history.append(Moment(grabbed_s, observation.label, observation.score))
            self.newest = observation
        self._changes.announce()

    def close(self) -> None:
        """End the waiting of every viewer."""
        self.closed = True
        self._changes.announce()

    async def wait_for_other(self, sequence: int | None, timeout_s: float) -> None:
        """Wait until the newest frame is not ``sequence``, the feed is closed, or ``timeout_s`` have passed.

        *Other* and not *later*: a page of an earlier run may have a higher number.
        """
        await self._changes.wait_while(
            lambda: not self.closed and (self.newest is None or self.newest.frame.sequence == sequence), timeout_s
        )

    def silent_s(self) -> float:
        """The seconds since the newest frame was grabbed; before the first frame, since the start."""
        newest = self.newest
        return time.monotonic() - (self._opened_s if newest is None else newest.frame.timestamp_s)

    def state(self) -> str:
        """``waiting`` before the first frame, ``stalled`` after a long time without a frame, else ``live``."""
        if self.newest is None:
            return "waiting"
        with self._lock:
            return "stalled" if self.silent_s() > self._stalled_after_s() else "live"

    def frames_per_second(self) -> float | None:
        """Labelled frames per second, over the last twenty; None before the second frame and if not live."""
        with self._lock:
            interval_s = self._interval_s()
        return 1 / interval_s if interval_s > 0 and self.state() == "live" else None

    def history(self) -> list[Moment]:
        """The moments of the last :data:`HISTORY_S` seconds, oldest first."""
        oldest_s = time.monotonic() - HISTORY_S
        with self._lock:
            return [moment for moment in self._history if moment.timestamp_s > oldest_s]

    def _interval_s(self) -> float:
        if len(self._grabbed_s) < 2:
            return 0.0
        return (self._grabbed_s[-1] - self._grabbed_s[0]) / (len(self._grabbed_s) - 1)

    def _stalled_after_s(self) -> float:
        return max(_STALLED_S, _STALLED_INTERVALS * self._interval_s())
