"""What the tests of a grabber share: pictures, messages that can be waited for, and waits with a limit."""

from __future__ import annotations

import threading

import numpy as np

from edge.live.grabber import Grabber

PATIENCE_S = 20.0
"""A wait that is over much sooner unless something is broken."""


def picture(value: int) -> np.ndarray:
    """A small grey picture of this value."""
    return np.full((4, 6, 3), value, np.uint8)


class Messages(list[str]):
    """The messages; another thread may wait for one."""

    def __init__(self) -> None:
        """There are none yet."""
        self._changed = threading.Condition()

    def __call__(self, line: str) -> None:
        """``line`` is printed."""
        with self._changed:
            self.append(line)
            self._changed.notify_all()

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until ``words`` are in so many messages."""
        with self._changed:
            found = self._changed.wait_for(lambda: sum(words in line for line in self) >= times, PATIENCE_S)
        assert found, f"{words!r} not printed {times} times: {list(self)}"


def value_of(grabber: Grabber, after: int = -1) -> tuple[int, int]:
    """The grey and the number of the next frame of ``grabber`` after the number ``after``."""
    frame = grabber.newest(after, PATIENCE_S)
    assert frame is not None
    return int(frame.pixels[0, 0, 0]), frame.sequence
