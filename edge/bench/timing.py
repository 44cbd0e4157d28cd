"""The timed loop: almost only the ``invoke()`` of the runtime."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter_ns

from edge.inference.steps import Steps

MIN_RUNS = 10
"""The fewest timed invocations of a round, however slow the model is."""

MAX_RUNS = 10_000
"""The most timed invocations of a round: more give no new information and fill the memory of a small board."""

_STABLE = 0.98  # a block whose median is not below this share of the best so far counts as no faster
_STABLE_BLOCKS = 2  # this many in a row end the warm-up
_MAX_BLOCKS = 30
_BLOCK_RUNS = 5


def time_invocations(steps: Steps, seconds: float, *, min_runs: int = MIN_RUNS, max_runs: int = MAX_RUNS) -> list[int]:
    """The nanoseconds of each ``invoke()``, for ``seconds`` altogether.

    The picture is set before each invocation and the output is fetched after it, as a program that labels does; this
    is not timed. At least ``min_runs`` and at most ``max_runs`` are timed.
    """
    set_input, invoke, get_output = steps
    clock = perf_counter_ns
    samples: list[int] = []
    end = clock() + int(seconds * 1e9)
    while True:
        set_input()
        before = clock()
        invoke()
        after = clock()
        get_output()
        samples.append(after - before)
        runs = len(samples)
        if (after >= end and runs >= min_runs) or runs == max_runs:
            return samples


def time_calls(call: Callable[[], object], seconds: float, *, min_runs: int) -> list[int]:
    """The nanoseconds of each ``call()``, for ``seconds`` altogether and at least ``min_runs`` times."""
    samples: list[int] = []
    end = perf_counter_ns() + int(seconds * 1e9)
    while len(samples) < min_runs or perf_counter_ns() < end:
        before = perf_counter_ns()
        call()
        samples.append(perf_counter_ns() - before)
    return samples


def warm_up(steps: Steps, block_seconds: float) -> list[float]:
    """Invoke in blocks until the median of a block stops falling; returns the medians in nanoseconds.

    An idle processor needs some time to reach its frequency, and the first invocations of a runtime fill caches. The
    warm-up ends after two blocks in a row that are not faster than the best before them, at the latest after thirty.
    """
    medians: list[float] = []
    while len(medians) < _MAX_BLOCKS and not is_stable(medians):
        medians.append(median(time_invocations(steps, block_seconds, min_runs=_BLOCK_RUNS)))
    return medians


def is_stable(medians: list[float]) -> bool:
    """Whether the last blocks of a warm-up were no faster than the best block before them."""
    if len(medians) <= _STABLE_BLOCKS:
        return False
    best = min(medians[:-_STABLE_BLOCKS])
    return min(medians[-_STABLE_BLOCKS:]) >= _STABLE * best
