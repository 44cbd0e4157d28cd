"""What a running stream counts."""

from __future__ import annotations

import threading
import time

import pytest

from edge.sinks.web.feed import Feed
from edge.sinks.web.page_data import describe_now
from edge.statistics import LATENCY_BUCKETS_MS, StreamStatistics


def test_counts_add_up() -> None:
    """Counts start at zero and add up, each sink's by its name."""
    statistics = StreamStatistics()
    statistics.count("frames_grabbed")
    statistics.count("frames_grabbed", 2)
    statistics.count_sink("sink_dropped", "mqtt", 3)
    statistics.count_sink("sink_dropped", "mqtt")
    statistics.count_sink("sink_errors", "web")
    now = statistics.snapshot()
    assert (now.frames_grabbed, now.frames_labelled, now.frame_age_ms) == (3, 0, None)
    assert (now.sink_dropped, now.sink_errors) == ({"mqtt": 4}, {"web": 1})


def test_latencies_fall_into_their_buckets() -> None:
    """A latency counts in the first bucket whose upper bound it does not exceed, the slowest in the last."""
    statistics = StreamStatistics()
    for latency_ms in (0.5, 1.0, 1.1, 9000.0):
        statistics.labelled(latency_ms, frame_age_ms=latency_ms + 1)
    now = statistics.snapshot()
    assert now.latency_counts == (2, 1, *[0] * (len(LATENCY_BUCKETS_MS) - 2), 1)
    assert (now.frames_labelled, now.latency_sum_ms, now.frame_age_ms) == (4, 9002.6, 9001.0)


def test_a_snapshot_stays_as_it_was() -> None:
    """What is counted later does not change an earlier snapshot."""
    statistics = StreamStatistics()
    before = statistics.snapshot()
    statistics.labelled(1.0, 2.0)
    statistics.count_sink("sink_errors", "web")
    assert (before.frames_labelled, before.sink_errors) == (0, {})


def test_threads_lose_no_count() -> None:
    """Four threads that count at the same time lose nothing."""
    statistics = StreamStatistics()

    def work() -> None:
        for _ in range(500):
            statistics.count("reconnects")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statistics.snapshot().reconnects == 2000


def test_the_running_time_knows_no_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board without a clock learns the time from the network while it runs: no stream has run for a year then."""
    statistics = StreamStatistics()
    for wrong_s in (-3600.0, 365 * 86400.0):
        now_s = time.time() + wrong_s
        monkeypatch.setattr(time, "time", lambda now_s=now_s: now_s)
        assert 0 <= describe_now(Feed(), statistics)["running_s"] < 60
        monkeypatch.undo()
