"""What viewers are shown: the newest observation, how lively the stream is, and the last minutes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import NamedTuple

from edge.types import Observation

HISTORY_S = 300
"""How far back the history goes, in seconds; it has one moment for each second with a frame."""

_RATE_FRAMES = 20  # frames that the frame rate is averaged over
_STALLED_S = 3.0  # a stream is called stalled after this time without a frame ...
_STALLED_INTERVALS = 3.0  # ... and after this many of its own intervals, where it is a slow one


class Moment(NamedTuple):
    """The steady answer at one second of the history; ``timestamp_s`` is the frame's monotonic time."""

    timestamp_s: float
    label: str
    score: float


class Feed:
    """Filled by the sink's thread, read by the server's, where viewers wait for the next observation."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.newest: Observation | None = None
        self.closed = False
        self._opened_s = time.monotonic()
        self._lock = threading.Lock()
        self._history: deque[Moment] = deque(maxlen=HISTORY_S)
        self._grabbed_s: deque[float] = deque(maxlen=_RATE_FRAMES)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say on which loop viewers wait."""
        self._loop = loop

    def put(self, observation: Observation) -> None:
        """Make ``observation`` the newest one; any thread may call it, and it waits for nobody."""
        grabbed_s = observation.frame.timestamp_s
        with self._lock:
            if len(self._grabbed_s) > 1 and grabbed_s - self._grabbed_s[-1] > self._patience_s():
                self._grabbed_s.clear()  # a pause is not a low frame rate
            self._grabbed_s.append(grabbed_s)
            if self._history and int(self._history[-1].timestamp_s) == int(grabbed_s):
                self._history.pop()
            self._history.append(Moment(grabbed_s, observation.label, observation.score))
            self.newest = observation
        self._wake()

    def close(self) -> None:
        """Let every waiting viewer go."""
        self.closed = True
        self._wake()

    async def wait_for_other(self, sequence: int | None, timeout_s: float) -> None:
        """Wait until the newest frame is not ``sequence``, the feed is closed, or ``timeout_s`` have passed.

        *Other* and not *later*: a viewer of a run before this one knows a higher number.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)  # before looking, so that no frame slips through in between
        try:
            if not self.closed and (self.newest is None or self.newest.frame.sequence == sequence):
                await asyncio.wait({future}, timeout=timeout_s)
        finally:
            self._waiting.discard(future)

    def silent_s(self) -> float:
        """Seconds since the newest frame was grabbed; before the first one, since the start."""
        newest = self.newest
        return time.monotonic() - (self._opened_s if newest is None else newest.frame.timestamp_s)

    def state(self) -> str:
        """``waiting`` for the first frame, ``live``, or ``stalled``: no frame for longer than is usual."""
        if self.newest is None:
            return "waiting"
        with self._lock:
            return "stalled" if self.silent_s() > self._patience_s() else "live"

    def frames_per_second(self) -> float | None:
        """Labelled frames a second over the last twenty; None where there is nothing to tell it from."""
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

    def _patience_s(self) -> float:
        return max(_STALLED_S, _STALLED_INTERVALS * self._interval_s())

    def _wake(self) -> None:
        if self._loop is not None and self._waiting:
            self._loop.call_soon_threadsafe(self._release)

    def _release(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
