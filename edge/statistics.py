"""The counts of a running stream: written by the modules that run it, read by those that show it."""

from __future__ import annotations

import bisect
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

LATENCY_BUCKETS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
"""Upper bounds of the latency histogram's buckets, in milliseconds; the last bucket has none."""


@dataclass(frozen=True)
class Snapshot:
    """The counts at one moment, all since the start of the run.

    ``frames_grabbed`` counts pictures that came from the source, ``frames_labelled`` those that were labelled,
    ``frames_stale`` those dropped because they were older than allowed. ``reconnects`` counts successful
    openings of the source after the first, ``source_errors`` its failures. ``model_swaps`` and
    ``model_refusals`` count replacements of the model, and files refused as one. ``latency_counts`` has one
    entry for each bucket of :data:`LATENCY_BUCKETS_MS` and one more; ``latency_sum_ms`` is their sum.
    ``sink_dropped`` and ``sink_errors`` are by the sink's name, ``actions`` by the action and what came of it.
    ``frame_age_ms`` is the last labelled frame's, None before the first; ``started_s`` is :func:`time.monotonic`
    of the start: a board without a clock of its own learns the time of day some time later.
    """

    started_s: float
    frames_grabbed: int = 0
    frames_labelled: int = 0
    frames_stale: int = 0
    reconnects: int = 0
    source_errors: int = 0
    model_swaps: int = 0
    model_refusals: int = 0
    latency_counts: tuple[int, ...] = (0,) * (len(LATENCY_BUCKETS_MS) + 1)
    latency_sum_ms: float = 0.0
    frame_age_ms: float | None = None
    sink_dropped: dict[str, int] = field(default_factory=dict)
    sink_errors: dict[str, int] = field(default_factory=dict)
    actions: dict[tuple[str, str], int] = field(default_factory=dict)


class StreamStatistics:
    """Counts from any thread; :meth:`snapshot` gives them all as of one moment."""

    def __init__(self) -> None:
        """Start at zero."""
        self._lock = threading.Lock()
        self._now = Snapshot(time.monotonic())

    def count(self, name: str, by: int = 1) -> None:
        """Add ``by`` to the count ``name``, a field of :class:`Snapshot` that is an int."""
        with self._lock:
            self._change(**{name: getattr(self._now, name) + by})

    def count_sink(self, name: str, sink: str, by: int = 1) -> None:
        """Add ``by`` to the count of ``sink`` in ``name``: ``sink_dropped`` or ``sink_errors``."""
        with self._lock:
            counts = getattr(self._now, name)
            self._change(**{name: {**counts, sink: counts.get(sink, 0) + by}})

    def count_action(self, action: str, result: str, by: int = 1) -> None:
        """Add ``by`` to the count of what came of ``action``: ``done``, ``failed`` and so on."""
        with self._lock:
            key, counts = (action, result), self._now.actions
            self._change(actions={**counts, key: counts.get(key, 0) + by})

    def labelled(self, latency_ms: float, frame_age_ms: float) -> None:
        """Count one labelled frame that took ``latency_ms`` and was then ``frame_age_ms`` old."""
        with self._lock:
            now = self._now
            counts = list(now.latency_counts)
            counts[bisect.bisect_left(LATENCY_BUCKETS_MS, latency_ms)] += 1
            self._change(
                frames_labelled=now.frames_labelled + 1,
                latency_counts=tuple(counts),
                latency_sum_ms=now.latency_sum_ms + latency_ms,
                frame_age_ms=frame_age_ms,
            )

    def snapshot(self) -> Snapshot:
        """The counts now."""
        with self._lock:
            return self._now

    def _change(self, **fields: Any) -> None:
        self._now = replace(self._now, **fields)
