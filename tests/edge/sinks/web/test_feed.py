"""What the page shows."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from edge.sinks.web.feed import HISTORY_S, Feed
from edge.types import Frame, Observation
from support.web_stream import CARD

PIXELS = np.zeros((2, 2, 3), np.uint8)


def _observation(sequence: int, timestamp_s: float, label: str = "red") -> Observation:
    return Observation(Frame(PIXELS, timestamp_s, sequence), label, 0.5, (), (), 0.0, 0.0, 0.0, False, None, CARD)


def _filled(*ages_s: float) -> Feed:
    now_s, feed = time.monotonic(), Feed()
    for sequence, age_s in enumerate(ages_s):
        feed.put(_observation(sequence, now_s - age_s))
    return feed


def test_before_the_first_frame() -> None:
    """Before the first frame a stream is waiting, without a rate and without a history."""
    feed = Feed()
    assert (feed.state(), feed.frames_per_second(), feed.history()) == ("waiting", None, [])
    assert feed.silent_s() >= 0


def test_a_lively_stream() -> None:
    """Frames half a second apart are a rate of two a second."""
    feed = _filled(2.0, 1.5, 1.0, 0.5)
    assert feed.state() == "live"
    assert feed.frames_per_second() == pytest.approx(2.0)
    assert feed.silent_s() >= 0.5


def test_a_stream_that_stopped() -> None:
    """After many frames, four seconds without one are a stall, without a frame rate."""
    feed = _filled(5.0, 4.5, 4.0)
    assert (feed.state(), feed.frames_per_second()) == ("stalled", None)


def test_a_slow_stream_is_no_stall() -> None:
    """If a frame is labelled every ten seconds, twelve seconds without one are live and forty are a stall."""
    assert _filled(42.0, 32.0, 22.0, 12.0).state() == "live"
    assert _filled(70.0, 60.0, 50.0, 40.0).state() == "stalled"


def test_a_pause_is_not_a_low_frame_rate() -> None:
    """After a pause only the frames since count for the rate."""
    assert _filled(100.0, 99.5, 1.0, 0.5, 0.0).frames_per_second() == pytest.approx(2.0)


def test_history_has_one_moment_a_second() -> None:
    """Of the frames within one second the last stays; moments that are too old are removed."""
    feed, second = Feed(), float(int(time.monotonic()) - 10)
    feed.put(_observation(0, second - HISTORY_S, "old"))
    for sequence, (offset_s, label) in enumerate([(0.1, "a"), (0.8, "b"), (1.1, "c")]):
        feed.put(_observation(sequence, second + offset_s, label))
    assert [(m.timestamp_s - second, m.label) for m in feed.history()] == [
        (pytest.approx(0.8), "b"),
        (pytest.approx(1.1), "c"),
    ]


def test_history_is_bounded() -> None:
    """The history never becomes longer than its length."""
    assert len(_filled(*range(HISTORY_S * 3, 0, -1)).history()) < HISTORY_S


def _wait(feed: Feed, sequence: int | None, then: threading.Event, timeout_s: float) -> None:
    async def wait() -> None:
        feed.attach(asyncio.get_running_loop())
        asyncio.get_running_loop().call_soon(then.set)
        await feed.wait_for_other(sequence, timeout_s)

    asyncio.run(wait())


def test_a_viewer_wakes_with_the_next_frame() -> None:
    """A waiting viewer continues when another thread puts a frame or closes the feed."""
    feed = _filled(0.0)
    for change in (lambda: feed.put(_observation(7, time.monotonic())), feed.close):
        waiting = threading.Event()
        newest = feed.newest
        assert newest is not None
        viewer = threading.Thread(target=_wait, args=(feed, newest.frame.sequence, waiting, 60.0))
        viewer.start()
        assert waiting.wait(10)
        change()
        viewer.join(10)
        assert not viewer.is_alive()


def test_a_lower_number_is_news_too() -> None:
    """A viewer with a frame of an earlier run does not wait until its number comes again."""
    _wait(_filled(0.0), 5000, threading.Event(), 60.0)


def test_waiting_has_an_end() -> None:
    """Without a frame a viewer waits for its time limit."""
    started_s = time.monotonic()
    _wait(Feed(), None, threading.Event(), 0.05)
    assert time.monotonic() - started_s >= 0.05
