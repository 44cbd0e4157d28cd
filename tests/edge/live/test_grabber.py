"""The newest frame of a source, and a source kept alive."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from edge.errors import ConfigurationError, UnavailableError
from edge.live.grabber import Grabber
from edge.sources.fake import END, HANG, FakeSource
from edge.sources.protocol import EndOfStream
from edge.statistics import StreamStatistics
from support.grabbing import PATIENCE_S, Messages, picture, value_of
from support.held import threads


def test_frames_are_numbered_and_timed(grab: Callable[..., Grabber]) -> None:
    """Sequence numbers count every picture from 0; timestamps are the monotonic time of its arrival."""
    source = FakeSource(ends=False)
    before_s = time.monotonic()
    grabber = grab(source)
    for sequence, value in enumerate((10, 20, 30)):
        source.put(picture(value))
        frame = grabber.newest(sequence - 1, PATIENCE_S)
        assert frame is not None
        assert (frame.sequence, frame.pixels[0, 0, 0]) == (sequence, value)
        assert before_s <= frame.timestamp_s <= time.monotonic()
        before_s = frame.timestamp_s


def test_only_the_newest_frame_is_kept(grab: Callable[..., Grabber]) -> None:
    """A late reader gets the last picture; the earlier ones are counted as grabbed."""
    statistics = StreamStatistics()
    grabber = grab(FakeSource([*map(picture, range(50)), HANG]), statistics)
    assert value_of(grabber, after=48) == (49, 49)
    assert value_of(grabber) == (49, 49)
    assert statistics.snapshot().frames_grabbed == 50
    assert statistics.snapshot().frames_stale == 0


def test_the_last_frame_comes_before_the_end(grab: Callable[..., Grabber]) -> None:
    """A source that ends gives its last frame, then EndOfStream for each further call."""
    statistics = StreamStatistics()
    grabber = grab(FakeSource([picture(7)]), statistics)
    assert value_of(grabber) == (7, 0)
    for _ in range(2):
        with pytest.raises(EndOfStream):
            grabber.newest(0, PATIENCE_S)
    assert statistics.snapshot().source_errors == 0


def test_old_frames_are_dropped_and_counted(grab: Callable[..., Grabber]) -> None:
    """A frame that is too old is counted once and never returned; the call waits for a new one."""
    statistics = StreamStatistics()
    source = FakeSource([picture(1)], ends=False)
    grabber = grab(source, statistics, max_frame_age_s=0.0)
    while statistics.snapshot().frames_grabbed == 0:
        time.sleep(0.001)
    assert grabber.newest(timeout_s=0.01) is None
    assert grabber.newest(timeout_s=0.01) is None
    assert statistics.snapshot().frames_stale == 1


class Skipping(FakeSource):
    """A source that can skip pictures, and counts them."""

    def open(self) -> None:
        self.skipped = 0
        super().open()

    def skip(self) -> None:
        self.skipped += self.read() is not None


def test_pictures_are_skipped_while_none_is_due(grab: Callable[..., Grabber]) -> None:
    """A source that can skip does so until pictures may be taken again; they count, and a failure ends the rest."""
    statistics = StreamStatistics()
    source = Skipping([picture(1)], ends=False)
    grabber = grab(source, statistics)
    assert value_of(grabber) == (1, 0)
    grabber.rest_until(time.monotonic() + 1000.0)
    source.put(*map(picture, range(2, 6)))
    while statistics.snapshot().frames_grabbed < 4:
        time.sleep(0.001)
    source.put(UnavailableError("unplugged"), picture(9))
    assert value_of(grabber, after=4) == (9, 5)


def test_newest_waits_no_longer_than_its_limit(grab: Callable[..., Grabber]) -> None:
    """Without a frame within the time limit the result is None."""
    assert grab(FakeSource(ends=False)).newest(timeout_s=0.01) is None


def test_a_source_that_fails_is_opened_again(grab: Callable[..., Grabber], messages: Messages) -> None:
    """A failure is counted and named, and the stream continues with the next number."""
    statistics = StreamStatistics()
    source = FakeSource([picture(1)], ends=False, uri="fake:cam")
    grabber = grab(source, statistics)
    assert value_of(grabber) == (1, 0)
    source.put(UnavailableError("fake:cam: unplugged"), picture(2))
    assert value_of(grabber, after=0) == (2, 1)
    messages.wait_for("is back")
    assert messages[0].startswith("fake:cam: unplugged; trying again in 0.0")
    assert messages[1:] == ["fake:cam: is back"]
    counts = statistics.snapshot()
    assert (counts.source_errors, counts.reconnects, source.openings) == (1, 1, 2)


def test_a_camera_that_is_plugged_in_later(grab: Callable[..., Grabber], messages: Messages) -> None:
    """By default a missing source is tried without end, with fewer and fewer messages."""
    source = FakeSource([picture(3)], ends=False)
    source.unplug()
    grabber = grab(source)
    messages.wait_for("failure 8 in a row")
    source.plug_in()
    assert value_of(grabber) == (3, 0)
    failures = [line.partition("; ")[0] for line in messages if "unplugged" in line]
    again = ["", *(f" (failure {count} in a row)" for count in (2, 4, 8))]
    assert failures[:4] == [f"fake:: unplugged{count}" for count in again]


@pytest.mark.parametrize(("retries", "openings"), [(0, 1), (3, 4)])
def test_retries_are_used_up(retries: int, openings: int, grab: Callable[..., Grabber]) -> None:
    """With a number of retries the error is raised after all of them have failed."""
    source = FakeSource([UnavailableError("gone")] * 10, ends=False)
    with pytest.raises(UnavailableError, match="gone"):
        grab(source, retries=retries).newest(timeout_s=PATIENCE_S)
    assert source.openings == openings


def test_retries_count_from_the_last_frame(grab: Callable[..., Grabber]) -> None:
    """A frame resets the count of retries, so a source may fail now and then."""
    source = FakeSource(ends=False)
    grabber = grab(source, retries=1)
    for sequence in range(5):
        source.put(UnavailableError("now and then"), picture(sequence))
        assert value_of(grabber, after=sequence - 1) == (sequence, sequence)


def test_a_stream_that_should_not_end(grab: Callable[..., Grabber], messages: Messages) -> None:
    """The end of a stream that should not end is a failure like any other."""
    grabber = grab(FakeSource([END, picture(1)], ends=False))
    assert value_of(grabber) == (1, 0)
    assert messages[0].startswith("fake:: the stream ended; trying again")


@pytest.mark.parametrize(
    "bad",
    [np.zeros((0, 0, 3), np.uint8), np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((4, 6, 3))],
    ids=["empty", "grey", "four channels", "float"],
)
def test_what_is_no_picture(bad: np.ndarray, grab: Callable[..., Grabber], messages: Messages) -> None:
    """A frame of no pixels or another shape never reaches the model; the source is opened again."""
    grabber = grab(FakeSource([bad, picture(5)], ends=False))
    assert value_of(grabber) == (5, 0)
    assert "not a picture of uint8 (height, width, 3); trying again" in messages[0]


@pytest.mark.parametrize("error", [ConfigurationError("install it"), ZeroDivisionError("a bug")])
def test_failures_that_another_try_would_not_fix(error: Exception, grab: Callable[..., Grabber]) -> None:
    """A missing package is raised immediately, a bug keeps its traceback; neither is tried again."""
    source = FakeSource([error, picture(1)])
    with pytest.raises(type(error), match=str(error)) as raised:
        grab(source).newest(timeout_s=PATIENCE_S)
    assert any(entry.name == "read" for entry in raised.traceback)
    assert source.openings == 1


def test_stop_closes_the_source(grab: Callable[..., Grabber]) -> None:
    """After stopping nothing is open and no thread is left."""
    source = FakeSource([picture(1)], ends=False)
    before = threads()
    grabber = grab(source)
    assert value_of(grabber) == (1, 0)
    grabber.stop()
    assert source.open_now == 0
    assert not threads() - before


def test_stop_before_start() -> None:
    """A grabber that never ran can be stopped."""
    Grabber(FakeSource(), StreamStatistics(), max_frame_age_s=1.0).stop()
