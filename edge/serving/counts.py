"""The counts of a server of labels."""

from __future__ import annotations

import bisect
import threading
from collections import Counter
from typing import NamedTuple

from edge.statistics import LATENCY_BUCKETS_MS

LABELLED, SKIPPED = "labelled", "skipped"


class Histogram(NamedTuple):
    """How many times fell into each bucket of :data:`~edge.statistics.LATENCY_BUCKETS_MS` and above, and their sum."""

    counts: tuple[int, ...]
    sum_ms: float


class Times:
    """Collects times. Each bucket has the times up to its bound and above the one before."""

    def __init__(self) -> None:
        self._counts, self._sum_ms = [0] * (len(LATENCY_BUCKETS_MS) + 1), 0.0

    def add(self, time_ms: float) -> None:
        """Add one time, in milliseconds."""
        self._counts[bisect.bisect_left(LATENCY_BUCKETS_MS, time_ms)] += 1
        self._sum_ms += time_ms

    def now(self) -> Histogram:
        """The histogram up to now."""
        return Histogram(tuple(self._counts), self._sum_ms)


class ServeCounts:
    """Counts since the start.

    ``requests`` are by the status of their answer; ``pictures`` by the name of the model and :data:`LABELLED` or
    :data:`SKIPPED`. ``latency`` is preprocessing and inference of one picture, ``answers`` the time from the head of a
    request for labels to its answer. Only :meth:`count` may be called by any thread.
    """

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.pictures: Counter[tuple[str, str]] = Counter()
        self.latency, self.answers = Times(), Times()
        self._changes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, name: str, by: int = 1) -> None:
        """Add ``by`` to ``model_swaps`` or ``model_refusals``."""
        with self._lock:
            self._changes[name] += by

    def changes(self, name: str) -> int:
        """The count ``name`` of :meth:`count`."""
        return self._changes[name]
