"""The newest frame: decoded once, only if it is taken, and not at all where it cannot be wanted."""

from __future__ import annotations

import time

import numpy as np

from edge.live.newest_frame import NewestFrame
from edge.sources.frame import CodedPicture
from edge.statistics import StreamStatistics
from support.colours import COLOURS, encoded, plain


class Coded(CodedPicture):
    """A picture that counts how often it is decoded."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, self._damaged)
        self.decoded = self.damaged = 0

    def _damaged(self) -> None:
        self.damaged += 1

    def decode(self):
        self.decoded += 1
        return super().decode()


RED, DAMAGED = encoded(plain("red"), "PNG"), encoded(plain("red"), "PNG")[:40]


def test_only_what_is_taken_is_decoded() -> None:
    """Of three pictures the last one is decoded, once; it has the pixels as an array and as a picture."""
    statistics = StreamStatistics()
    newest = NewestFrame(statistics, 60.0)
    pictures = [Coded(RED) for _ in range(3)]
    for number, coded in enumerate(pictures):
        newest.put(coded, time.monotonic() + number / 100)
    frame = newest.take(-1, 0.0)
    assert frame is not None and newest.take(-1, 0.0) is frame
    assert (frame.sequence, tuple(frame.pixels[0, 0])) == (2, COLOURS["red"])
    assert frame.picture is not None and (np.asarray(frame.picture) == frame.pixels).all()
    assert [coded.decoded for coded in pictures] == [0, 0, 1]
    assert statistics.snapshot().frames_grabbed == 3


def test_one_that_cannot_be_decoded() -> None:
    """It is left out and named to its source; the next one is taken."""
    newest = NewestFrame(StreamStatistics(), 60.0)
    damaged = Coded(DAMAGED)
    newest.put(damaged, time.monotonic())
    assert newest.take(-1, 0.0) is None and newest.take(-1, 0.0) is None
    assert (damaged.decoded, damaged.damaged) == (1, 1)
    newest.put(Coded(RED), time.monotonic())
    frame = newest.take(-1, 0.0)
    assert frame is not None and frame.sequence == 1


def test_what_will_be_too_old_is_not_wanted() -> None:
    """Before the next frame is due, pictures are wanted only for the age that a frame may have."""
    statistics = StreamStatistics()
    newest = NewestFrame(statistics, 60.0)
    assert newest.is_wanted()
    newest.rest_until(time.monotonic() + 30.0)
    assert newest.is_wanted()
    newest.rest_until(time.monotonic() + 90.0)
    assert not newest.is_wanted()
    newest.put(plain_pixels(), time.monotonic())
    newest.skip()
    assert newest.take(-1, 0.0) is None
    newest.put(plain_pixels(), time.monotonic())
    frame = newest.take(-1, 0.0)
    assert frame is not None and frame.sequence == 2
    assert (statistics.snapshot().frames_grabbed, statistics.snapshot().frames_stale) == (3, 0)


def plain_pixels() -> np.ndarray:
    """A red picture."""
    return np.asarray(plain("red"), np.uint8)
