"""A source for tests: it plays pictures, and fails, hangs or ends when the test wants it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Union

import numpy as np
from PIL import Image

from edge.errors import UnavailableError
from edge.preprocess import Pixels, decode, to_rgb
from edge.sources.protocol import EndOfStream


class _Hang:
    """The type of :data:`HANG`."""


HANG = _Hang()
"""A step at which :meth:`FakeSource.read` does not return before :meth:`FakeSource.release` is called."""

END = EndOfStream()
"""A step that ends the stream."""

Step = Union[Pixels, Image.Image, str, "os.PathLike[str]", bytes, BaseException, _Hang]

_LONGEST_WAIT_S = 0.1


class _State:
    """What a source and its copies share."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.changed = threading.Condition()
        self.steps = deque(steps)
        self.plugged_in = True
        self.released = False
        self.openings = 0
        self.open_now = 0


class FakeSource:
    """Plays ``steps``, then those that :meth:`put` adds. Its methods may be called from any thread.

    ::

        source = FakeSource(["rose.jpg", UnavailableError("unplugged"), "daisy.jpg", HANG], interval_s=0.5)

    A step is a picture, an exception, :data:`HANG` or :data:`END`. A picture is an array (height, width, 3), uint8,
    RGB, a Pillow image, or a photo file by its path or its bytes. An exception is raised once; the next :meth:`read`
    continues with the step after it.
    """

    def __init__(
        self,
        steps: Iterable[Step] = (),
        *,
        ends: bool = True,
        interval_s: float = 0.0,
        time_limit_s: float = 5.0,
        uri: str = "fake:",
    ) -> None:
        """Play ``steps``. After the last one the stream ends; if ``ends`` is false, it waits for more.

        ``interval_s`` is the time between two pictures, in seconds. ``time_limit_s`` and ``uri`` are those of
        :class:`~edge.sources.protocol.FrameSource`.
        """
        self.uri = uri
        self.ends = ends
        self.time_limit_s = time_limit_s
        self._interval_s = interval_s
        self._state = _State(steps)
        self._is_open = False

    @property
    def openings(self) -> int:
        """How many times it was opened, its copies included."""
        return self._state.openings

    @property
    def open_now(self) -> int:
        """How many of these openings are not closed yet."""
        return self._state.open_now

    def put(self, *steps: Step) -> None:
        """Add ``steps`` after the last one."""
        with self._state.changed:
            self._state.steps.extend(steps)
            self._state.changed.notify_all()

    def unplug(self) -> None:
        """Fail from now on, as a camera does whose cable is pulled."""
        self._plug(False)

    def plug_in(self) -> None:
        """Work again, after it is opened again."""
        self._plug(True)

    def release(self) -> None:
        """Let each call that hangs raise :class:`~edge.errors.UnavailableError`, now and later."""
        with self._state.changed:
            self._state.released = True
            self._state.changed.notify_all()

    def open(self) -> None:
        """Open it. Raises :class:`~edge.errors.UnavailableError` if it is unplugged."""
        with self._state.changed:
            self._check_plug()
            self._state.openings += 1
            self._state.open_now += 1
        self._is_open = True
        self._due_s = time.monotonic()

    def read(self) -> Pixels | None:
        """The next picture: (height, width, 3), uint8, RGB; None while there is none yet.

        Raises the next step if that is an exception, :class:`~edge.errors.UnavailableError` if it is unplugged, and
        :class:`~edge.sources.protocol.EndOfStream` after the last step of a source that ends.
        """
        wait_s = self._due_s - time.monotonic()
        time.sleep(min(max(0.0, wait_s), _LONGEST_WAIT_S))
        if wait_s > _LONGEST_WAIT_S:
            return None
        with self._state.changed:
            self._state.changed.wait_for(lambda: self._state.steps or self.ends or not self._state.plugged_in, 0.1)
            self._check_plug()
            if not self._state.steps:
                if self.ends:
                    raise EndOfStream
                return None
            step = self._state.steps.popleft()
            if isinstance(step, _Hang):
                self._state.changed.wait_for(lambda: self._state.released)
                raise UnavailableError(f"{self.uri}: hung")
        if isinstance(step, BaseException):
            raise step
        self._due_s += self._interval_s
        return _pixels(step)

    def close(self) -> None:
        """Close it."""
        if self._is_open:
            self._is_open = False
            with self._state.changed:
                self._state.open_now -= 1

    def _check_plug(self) -> None:
        if not self._state.plugged_in:
            raise UnavailableError(f"{self.uri}: unplugged")

    def _plug(self, plugged_in: bool) -> None:
        with self._state.changed:
            self._state.plugged_in = plugged_in
            self._state.changed.notify_all()


def _pixels(picture: Pixels | Image.Image | str | os.PathLike[str] | bytes) -> Pixels:
    if isinstance(picture, np.ndarray):
        return picture
    return np.asarray(to_rgb(picture) if isinstance(picture, Image.Image) else decode(picture), np.uint8)
