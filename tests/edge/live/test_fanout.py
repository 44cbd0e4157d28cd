"""One stream, many sinks: none stalls another, and losses are counted and named."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest

import edge.live.fanout
import edge.live.sink_worker
from edge.errors import UnavailableError
from edge.live.fanout import Fanout
from edge.live.sink_worker import LONG_QUEUE_LENGTH, QUEUE_LENGTH
from edge.sinks.protocol import SinkClosed
from edge.statistics import StreamStatistics
from support.held import threads
from support.observed import observe, sequences
from support.recording_sinks import WAIT_S, Recorder, running


@pytest.fixture(autouse=True)
def _time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that is not stuck is not abandoned at the end, however busy this machine is."""
    monkeypatch.setattr(edge.live.fanout, "_CLOSE_WITHIN_S", WAIT_S)
    monkeypatch.setattr(edge.live.sink_worker, "_DRAIN_WITHIN_S", WAIT_S)


def test_every_sink_gets_everything_in_order() -> None:
    """Sinks that are fast enough miss nothing, without a message; each is opened and closed once."""
    one, two = Recorder("one"), Recorder("two")
    with running(one, two) as (fanout, statistics, messages):
        for sequence in range(50):
            fanout.write(observe(sequence))
            for sink in (one, two):
                sink.taken.wait(lambda taken, count=sequence + 1: len(taken) == count)
    for sink in (one, two):
        assert sequences(sink.taken.items) == list(range(50))
        assert sink.calls.items == ["open", *["write"] * 50, "close"]
    assert (messages.items, statistics.snapshot().sink_dropped) == ([], {})


def test_a_stuck_sink_loses_its_own_oldest_and_no_other_waits() -> None:
    """While one sink is stuck the other takes all; the stuck one then has the newest, and the loss is counted."""
    stuck, quick = Recorder("stuck"), Recorder()
    stuck.gate.clear()
    with running(stuck, quick) as (fanout, statistics, messages):
        fanout.write(observe(0))
        stuck.calls.wait(lambda calls: "write" in calls)
        for sequence in range(1, 100):
            fanout.write(observe(sequence))
            quick.taken.wait(lambda taken, count=sequence: len(taken) > count)
        assert statistics.snapshot().sink_dropped == {"stuck": 99 - QUEUE_LENGTH}
        messages.wait(lambda lines: any("stuck: too slow or not there: " in line for line in lines))
        stuck.gate.set()
        stuck.taken.wait(lambda taken: len(taken) == 1 + QUEUE_LENGTH)
    assert sequences(quick.taken.items) == list(range(100))
    assert sequences(stuck.taken.items) == [0, *range(100 - QUEUE_LENGTH, 100)]


def test_a_sink_with_a_long_queue_may_be_far_behind() -> None:
    """A hundred observations wait for it, without their pixels; only then the oldest are lost."""
    record = Recorder("record")
    record.long_queue = True
    record.gate.clear()
    with running(record) as (fanout, statistics, _):
        fanout.write(observe(0))
        record.calls.wait(lambda calls: "write" in calls)
        for sequence in range(1, LONG_QUEUE_LENGTH + 3):
            fanout.write(observe(sequence))
        assert statistics.snapshot().sink_dropped == {"record": 2}
        record.gate.set()
        record.taken.wait(lambda taken: len(taken) == 1 + LONG_QUEUE_LENGTH)
    assert sequences(record.taken.items) == [0, *range(3, LONG_QUEUE_LENGTH + 3)]
    assert {taken.frame.pixels.size for taken in record.taken.items} == {0}


def test_losses_are_named_immediately_then_rarely_and_all_at_the_end() -> None:
    """The first loss has a message immediately, the others one together; the numbers add up."""
    stuck = Recorder("stuck")
    stuck.gate.clear()
    with running(stuck) as (fanout, _, messages):
        for sequence in range(2 + QUEUE_LENGTH):
            fanout.write(observe(sequence))
            stuck.calls.wait(lambda calls: "write" in calls)
        messages.wait(bool)
        for sequence in range(1000):
            fanout.write(observe(sequence))
        assert len(messages.items) == 1
    assert messages.items == [
        "stuck: too slow or not there: observations dropped: 1, so far 1",
        "stuck: too slow or not there: observations dropped: 1000, so far 1001",
    ]


def test_a_write_never_waits() -> None:
    """A thousand observations are written while a sink and the thread that reports losses both hang."""
    stuck, silent = Recorder("stuck"), threading.Event()
    stuck.gate.clear()
    fanout = Fanout([stuck], StreamStatistics(), lambda line: silent.wait(WAIT_S) and None)
    fanout.start()
    done = threading.Event()

    def stream() -> None:
        for sequence in range(1000):
            fanout.write(observe(sequence))
        done.set()

    threading.Thread(target=stream, daemon=True).start()
    assert done.wait(WAIT_S)
    silent.set()
    stuck.gate.set()
    fanout.close()


def test_a_sink_that_is_not_there_yet_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that cannot be opened costs one message for each reason; later it gets the newest observations."""
    monkeypatch.setattr(edge.live.sink_worker, "_FIRST_RETRY_S", 0.01)
    late = Recorder("late")
    late.open_failures = [UnavailableError("no answer") for _ in range(3)]
    with running(late) as (fanout, statistics, messages):
        fanout.write(observe(7))
        late.taken.wait(bool)
        assert statistics.snapshot().sink_errors == {"late": 3}
    assert late.calls.items == ["open"] * 4 + ["write", "close"]
    assert messages.items == ["late: no answer; trying again in 0 s"]


def test_retries_are_spaced_ever_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits double up to a cap, and the end does not wait for one."""
    monkeypatch.setattr(edge.live.sink_worker, "_FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(edge.live.sink_worker, "_LAST_RETRY_S", 0.04)
    monkeypatch.setattr(edge.live.sink_worker, "_OTHER_FAILURE_AFTER_S", 0.0)
    late = Recorder("late")
    late.open_failures = [UnavailableError(str(number)) for number in range(1000)]
    waits: list[float | None] = []
    wait_for = threading.Condition.wait_for

    def noting(self: threading.Condition, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        if threading.current_thread().name == "sink late":
            waits.append(timeout)
        return wait_for(self, predicate, timeout)

    monkeypatch.setattr(threading.Condition, "wait_for", noting)
    with running(late):
        late.calls.wait(lambda calls: len(calls) == 5)
    assert waits[:4] == [0.01, 0.02, 0.04, 0.04]
    assert late.calls.items[-1] == "close"


def test_a_failing_write_costs_that_observation_only() -> None:
    """Failures are counted, the same one has one message, and the sink continues."""
    sink = Recorder()
    sink.write_failures = [OSError(28, "No space left on device") for _ in range(3)]
    with running(sink) as (fanout, statistics, messages):
        for sequence in range(5):
            fanout.write(observe(sequence))
            sink.calls.wait(lambda calls, count=sequence: calls.count("write") > count)
        sink.taken.wait(lambda taken: len(taken) == 2)
        assert statistics.snapshot().sink_errors == {"quick": 3}
    assert sequences(sink.taken.items) == [3, 4]
    assert messages.items == ["quick: [Errno 28] No space left on device"]


def test_a_bug_in_a_sink_keeps_its_traceback() -> None:
    """An unexpected exception is printed with its traceback, and the stream continues."""
    sink = Recorder()
    sink.write_failures = [ZeroDivisionError("oh")]
    with running(sink) as (fanout, _, messages):
        fanout.write(observe(0))
        messages.wait(lambda lines: len(lines) == 2)
        fanout.write(observe(1))
        sink.taken.wait(bool)
    assert messages.items[0] == "quick: ZeroDivisionError('oh')"
    assert "Traceback" in str(messages.items[1]) and "self.write_failures.pop(0)" in str(messages.items[1])


def test_a_reader_that_has_gone_ends_its_sink_and_the_last_one_the_stream() -> None:
    """A sink without a reader is closed; if no sink has a reader, the stream gets BrokenPipeError."""
    gone, other = Recorder("gone"), Recorder("other")
    gone.write_failures, other.write_failures = [SinkClosed()], []
    with running(gone, other) as (fanout, statistics, messages):
        fanout.write(observe(0))
        gone.calls.wait(lambda calls: "close" in calls)
        for sequence in range(1, 20):
            fanout.write(observe(sequence))
            other.taken.wait(lambda taken, count=sequence: len(taken) > count)
        other.write_failures = [SinkClosed()]
        fanout.write(observe(20))
        other.calls.wait(lambda calls: "close" in calls)
        with pytest.raises(BrokenPipeError):
            fanout.write(observe(21))
        assert (messages.items, statistics.snapshot().sink_dropped) == ([], {})
    assert gone.calls.items == ["open", "write", "close"]


def test_close_delivers_what_is_queued() -> None:
    """After the end of a stream the sinks take what is queued."""
    sink = Recorder()
    statistics = StreamStatistics()
    fanout = Fanout([sink], statistics, lambda line: None)
    for sequence in range(QUEUE_LENGTH):
        fanout.write(observe(sequence))
    fanout.start()
    fanout.close()
    fanout.write(observe(QUEUE_LENGTH))  # a frame that was being labelled at the end
    assert sequences(sink.taken.items) == list(range(QUEUE_LENGTH))
    assert (sink.calls.items[-1], statistics.snapshot().sink_dropped) == ("close", {})


def test_close_abandons_a_stuck_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that hangs does not hold up the end; messages name it and its losses."""
    monkeypatch.setattr(edge.live.fanout, "_CLOSE_WITHIN_S", 1.5)
    stuck, quick = Recorder("stuck"), Recorder()
    stuck.gate.clear()
    with running(stuck, quick) as (fanout, _, messages):
        fanout.write(observe(0))
        stuck.calls.wait(lambda calls: "write" in calls)
        begun_s = time.monotonic()
        fanout.close()
        assert time.monotonic() - begun_s < WAIT_S / 2
        assert messages.items == ["stuck: did not end in time and was abandoned"]
        assert quick.calls.items == ["open", "write", "close"]


def test_nothing_is_kept() -> None:
    """After the end no thread is left and no observation kept alive."""
    before = threads()
    sink = Recorder()
    pixels = observe().frame.pixels.copy()
    alive = weakref.ref(pixels)
    with running(sink) as (fanout, _, _):
        fanout.write(observe(0, pixels=pixels))
        sink.taken.wait(bool)
    sink.taken.items.clear()
    del pixels
    gc.collect()
    assert alive() is None
    assert not threads() - before
