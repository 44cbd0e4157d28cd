"""The newest frame of a stream: one thread puts pictures in, another takes the newest and decodes it."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

import numpy as np

from edge.preprocess import Pixels
from edge.sources.frame import CodedPicture
from edge.statistics import StreamStatistics
from edge.types import Frame


class _CodedFrame(NamedTuple):
    """A frame that is not decoded yet; the other fields are those of :class:`~edge.types.Frame`."""

    coded: CodedPicture
    timestamp_s: float
    sequence: int

    def decode(self) -> Frame | None:
        """The frame; None if it cannot be decoded."""
        picture = self.coded.decode()
        if picture is None:
            return None
        return Frame(np.asarray(picture, np.uint8), self.timestamp_s, self.sequence, picture)


class NewestFrame:
    """Keeps one frame. What is replaced before it is taken is never decoded, if its source allows that."""

    def __init__(self, statistics: StreamStatistics, max_frame_age_s: float) -> None:
        """Count frames in ``statistics``, and drop those older than ``max_frame_age_s`` seconds."""
        self.sequence = 0
        """How many pictures came, which is the number of the next one."""
        self._statistics = statistics
        self._max_frame_age_s = max_frame_age_s
        self._condition = threading.Condition()
        self._newest: Frame | _CodedFrame | None = None
        self._wanted_from_s = 0.0
        self._final_error: BaseException | None = None
        self._stopped = False

    def put(self, picture: Pixels | CodedPicture, timestamp_s: float) -> None:
        """``picture`` came at ``timestamp_s``, a monotonic time in seconds."""
        self._statistics.count("frames_grabbed")
        with self._condition:
            if isinstance(picture, CodedPicture):
                self._newest = _CodedFrame(picture, timestamp_s, self.sequence)
            else:
                self._newest = Frame(picture, timestamp_s, self.sequence)
            self.sequence += 1
            self._condition.notify_all()

    def skip(self) -> None:
        """A picture came that is not wanted: see :meth:`is_wanted`."""
        self._statistics.count("frames_grabbed")
        with self._condition:
            self._newest = None
            self.sequence += 1

    def finish(self, error: BaseException) -> None:
        """No picture comes any more: after the last one :meth:`take` raises ``error``."""
        with self._condition:
            self._final_error = error
            self._condition.notify_all()

    def stop(self) -> None:
        """From now on :meth:`take` returns None."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def rest_until(self, due_s: float) -> None:
        """No frame is taken before ``due_s``, a monotonic time in seconds."""
        self._wanted_from_s = due_s - self._max_frame_age_s

    def is_wanted(self) -> bool:
        """Whether a picture that comes now is not too old when the next frame is taken."""
        return time.monotonic() >= self._wanted_from_s

    def take(self, after: int, timeout_s: float | None) -> Frame | None:
        """Wait for a frame whose number is above ``after`` and that is not too old; a damaged one is left out.

        Returns None if there is none within ``timeout_s`` seconds, and after :meth:`stop`; raises the error of
        :meth:`finish`.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while (taken := self._take(after, deadline_s)) is not None:
            if isinstance(taken, Frame):
                return taken
            frame = taken.decode()
            with self._condition:
                if self._newest is taken:
                    self._newest = frame  # not decoded again
            if frame is not None:
                return frame
            after = taken.sequence
        return None

    def _take(self, after: int, deadline_s: float | None) -> Frame | _CodedFrame | None:
        with self._condition:
            while not self._stopped:
                frame = self._fresh_frame(after)
                if frame is not None:
                    return frame
                if self._final_error is not None:
                    raise self._final_error
                remaining_s = None if deadline_s is None else deadline_s - time.monotonic()
                if remaining_s is not None and remaining_s <= 0:
                    break
                self._condition.wait(remaining_s)
        return None

    def _fresh_frame(self, after: int) -> Frame | _CodedFrame | None:
        frame = self._newest
        if frame is None or frame.sequence <= after:
            return None
        if time.monotonic() - frame.timestamp_s <= self._max_frame_age_s:
            return frame
        self._newest = None
        self._statistics.count("frames_stale")
        return None
