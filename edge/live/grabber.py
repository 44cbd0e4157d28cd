"""The grabber: it keeps the newest frame of a source, and opens the source again after a failure."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable

from edge.backoff import Backoff
from edge.errors import UnavailableError
from edge.live.newest_frame import NewestFrame
from edge.live.source_reader import SourceReader
from edge.messages import print_message
from edge.preprocess import Pixels
from edge.sources.frame import CodedPicture
from edge.sources.protocol import EndOfStream, FrameSource
from edge.statistics import StreamStatistics
from edge.types import Frame

HANG_FACTOR = 2.0
"""A source that is silent for this many of its own time limits is abandoned: it should have raised an error."""

MAX_HANGING = 3
"""The most abandoned readers that may hang at the same time; the next opening waits until one of them returns."""

_STOP_S = 0.8


class _HangsMidwayError(UnavailableError):
    """A source with a last picture hangs after it has given some: opened again, it would give the same ones again."""


class Grabber:
    """Reads a source on threads of its own and hands out its newest frame, never an older one.

    Where the source allows it, only frames that are handed out are decoded, on the thread that takes them.

    A source that fails, hangs or sends something else than pictures is closed and opened again, without limit or up to
    ``retries`` times. The wait before that grows with each failure in a row. A source with a last picture, such as a
    film, that hangs after it has given some is not opened again.
    """

    def __init__(
        self,
        source: FrameSource,
        statistics: StreamStatistics,
        *,
        max_frame_age_s: float,
        retries: int | None = None,
        backoff: Backoff | None = None,
        write_message: Callable[[str], None] = print_message,
    ) -> None:
        """Grab from ``source``, which is not open yet, after :meth:`start`.

        Frames older than ``max_frame_age_s`` seconds are dropped and counted. ``retries`` is how many times the source
        is opened again without giving a frame; None means without limit. ``write_message`` gets one line for each
        failure and recovery, from other threads.
        """
        self._source = source
        self._statistics = statistics
        self._retries = retries
        self._backoff = backoff or Backoff()
        self._write_message = write_message
        self._newest = NewestFrame(statistics, max_frame_age_s)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="edge grabber", daemon=True)
        self._reader: SourceReader | None = None
        self._openings = 0
        self._failures = 0  # since the last frame
        self._last_failure: str | None = None
        self._hanging: list[SourceReader] = []

    def start(self) -> None:
        """Begin to grab."""
        self._thread.start()

    def stop(self) -> None:
        """Stop grabbing and release the source. It returns within a second, even if the source hangs."""
        deadline_s = time.monotonic() + _STOP_S
        self._stopping.set()
        self._newest.stop()
        if self._reader is not None:
            self._reader.abandon()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
        if self._reader is not None:
            self._reader.join(max(0.0, deadline_s - time.monotonic()))

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        """Wait for a frame whose sequence number is above ``after`` and that is not too old.

        Returns None if there is none within ``timeout_s`` seconds, and after :meth:`stop`.

        Raises :class:`~edge.sources.protocol.EndOfStream` if the source has ended and its last frame was taken,
        :class:`~edge.errors.UnavailableError` if all ``retries`` failed or a source with a last picture hangs, and any
        other exception of the source, because another try would not help.
        """
        return self._newest.take(after, timeout_s)

    def rest_until(self, due_s: float) -> None:
        """No frame is taken before ``due_s``, a monotonic time in seconds.

        What comes so long before it that it will be too old then is not decoded, if the source can leave that out.
        """
        self._newest.rest_until(due_s)

    # On the reader's thread.

    def _on_opened(self) -> None:
        self._openings += 1
        if self._openings > 1:
            self._statistics.count("reconnects")

    def _is_wanted(self) -> bool:
        """Whether a picture that comes now may be taken, or shows that the source is back."""
        return self._failures > 0 or self._newest.is_wanted()

    def _on_picture(self, picture: Pixels | CodedPicture, timestamp_s: float) -> None:
        if self._failures:
            self._failures = 0
            self._last_failure = None
            self._backoff.reset()
            self._write_message(f"{self._source.uri}: is back")
        self._newest.put(picture, timestamp_s)

    # On the grabber's own thread.

    def _supervise(self) -> None:
        try:
            while not self._stopping.is_set():
                failure = self._read_until_failure()
                if failure is None or self._is_final(failure):
                    break
                self._stopping.wait(self._wait_s(failure))
        except BaseException as error:  # a bug: newest() raises it with its traceback
            self._newest.finish(error)

    def _read_until_failure(self) -> BaseException | None:
        """Open the source and read it to its end; returns the failure, None after :meth:`stop`."""
        self._hanging = [reader for reader in self._hanging if reader.alive()]
        if len(self._hanging) >= MAX_HANGING:
            return UnavailableError(f"{self._source.uri}: {MAX_HANGING} attempts to read it hang; waiting for one")
        source = copy.copy(self._source)
        reader = self._reader = SourceReader(
            source,
            on_opened=self._on_opened,
            on_picture=self._on_picture,
            on_skipped=self._newest.skip,
            is_wanted=self._is_wanted,
        )
        if self._stopping.is_set():  # checked here, because stop() sets this first and then abandons the reader
            return None
        reader.start()
        limit_s = HANG_FACTOR * source.time_limit_s
        while not reader.wait(max(0.0, limit_s - reader.silent_s())):
            if reader.silent_s() >= limit_s:
                reader.abandon()
                self._hanging.append(reader)
                text = f"{source.uri}: hangs; no answer in {limit_s:g} s"
                if source.ends and self._newest.sequence:
                    return _HangsMidwayError(f"{text}; it is not opened again, because it would begin from its start")
                return UnavailableError(text)
        failure = reader.failure  # None if stop() abandoned it
        if isinstance(failure, EndOfStream) and not source.ends:
            return UnavailableError(f"{source.uri}: the stream ended")
        return failure

    def _is_final(self, failure: BaseException) -> bool:
        """Count ``failure``; returns whether it ends the stream. :meth:`newest` then raises it."""
        if isinstance(failure, EndOfStream):
            self._newest.finish(failure)
            return True
        self._failures += 1
        self._statistics.count("source_errors")
        if not isinstance(failure, UnavailableError) or isinstance(failure, _HangsMidwayError):
            self._newest.finish(failure)
            return True
        if self._retries is not None and self._failures > self._retries:
            attempts = (
                "" if self._retries == 0 else f" (after {self._retries} more attempt{'s' * (self._retries != 1)})"
            )
            self._newest.finish(UnavailableError(f"{failure}{attempts}"))
            return True
        return False

    def _wait_s(self, failure: BaseException) -> float:
        """The seconds to wait before the next attempt.

        A message is printed for a new failure, and for the 2nd, 4th, 8th, 16th ... of a row of equal ones.
        """
        wait_s = self._backoff.next_s()
        text = str(failure)
        if text != self._last_failure or self._failures & (self._failures - 1) == 0:
            self._last_failure = text
            attempt = f" (failure {self._failures} in a row)" if self._failures > 1 else ""
            self._write_message(f"{text}{attempt}; trying again in {wait_s:.1f} s")
        return wait_s
