"""Sources that hang: what does not answer is given up, and stopping does not wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from edge.errors import UnavailableError
from edge.live.grabber import MAX_HANGING, Grabber
from edge.live.source_reader import SourceReader
from edge.sources.fake import HANG, FakeSource
from edge.statistics import StreamStatistics
from support.grabbing import PATIENCE_S, Messages, picture, value_of
from support.waiting import wait_for


class Hanging(FakeSource):
    """A source that says when it hangs."""

    hangs = False

    def read(self) -> Any:
        self.hangs = any(step is HANG for step in list(self._state.steps)[:1])
        return super().read()


@pytest.fixture(autouse=True)
def _slowness_is_no_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a read that hangs counts: on a busy machine even the start of a thread may take longer than the limits."""
    silent_s = SourceReader.silent_s
    monkeypatch.setattr(SourceReader, "silent_s", lambda self: silent_s(self) if self._source.hangs else 0.0)


def test_a_source_that_hangs_is_given_up(grab: Callable[..., Grabber], messages: Messages) -> None:
    """A read that does not return is abandoned with its thread; the stream continues without it."""
    source = Hanging([picture(1), HANG, picture(2)], ends=False, time_limit_s=0.05)
    grabber = grab(source)
    assert value_of(grabber, after=0) == (2, 1)
    assert "fake:: hangs; no answer in 0.1 s" in messages[0]
    assert source.open_now == 2
    source.release()
    wait_for(lambda: source.open_now == 1)


def test_a_film_that_hangs_does_not_begin_again(grab: Callable[..., Grabber]) -> None:
    """A source with a last picture that hangs after its first is not opened again: its pictures would come twice."""
    source = Hanging([picture(1), HANG, picture(2)], time_limit_s=0.05, uri="film.mp4")
    grabber = grab(source)
    assert value_of(grabber) == (1, 0)
    with pytest.raises(UnavailableError, match=r"film\.mp4: hangs; no answer in 0\.1 s; it is not opened again"):
        grabber.newest(0, PATIENCE_S)
    assert source.openings == 1
    source.release()


def test_what_hangs_does_not_pile_up(grab: Callable[..., Grabber], messages: Messages) -> None:
    """There is a limit to the threads that hang; when one returns, the stream continues."""
    source = Hanging([HANG] * MAX_HANGING, ends=False, time_limit_s=0.02)
    grabber = grab(source)
    messages.wait_for(f"{MAX_HANGING} attempts to read it hang")
    messages.wait_for("failure 8 in a row")
    assert source.openings == source.open_now == MAX_HANGING
    source.put(picture(9))
    source.release()
    assert value_of(grabber) == (9, 0)
    wait_for(lambda: source.open_now == 1)


def test_a_late_answer_of_what_was_given_up_is_lost(grab: Callable[..., Grabber]) -> None:
    """A late picture of an abandoned read is dropped, because it is older than those after it."""

    class Late(Hanging):
        released = threading.Event()

        def read(self) -> Any:
            value = super().read()
            if value is not None and value[0, 0, 0] == 1:
                self.hangs = True
                assert self.released.wait(PATIENCE_S)
            return value

    source = Late([picture(1), picture(2)], ends=False, time_limit_s=0.05)
    grabber = grab(source)
    assert value_of(grabber) == (2, 0)
    source.released.set()
    wait_for(lambda: source.open_now == 1)
    assert grabber.newest(0, 0.0) is None


def test_stop_does_not_wait_for_what_hangs() -> None:
    """stop() releases the source and ends all waits, quickly even if a read hangs."""
    source = Hanging([picture(1), HANG], ends=False)
    grabber = Grabber(source, StreamStatistics(), max_frame_age_s=PATIENCE_S)
    grabber.start()
    assert value_of(grabber) == (1, 0)
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(grabber.newest(0)))
    waiting.start()
    started_s = time.monotonic()
    grabber.stop()
    assert time.monotonic() - started_s < PATIENCE_S / 2  # the read itself never returns
    waiting.join(PATIENCE_S)
    assert answers == [None]
    source.release()
    wait_for(lambda: source.open_now == 0)
