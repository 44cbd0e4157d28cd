"""What ``edge bench`` adds to a bare ``invoke()`` loop: both in one process, in turn, on the same interpreter."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any

from edge.bench.models import load_model
from edge.bench.photo import draw_photo
from edge.bench.timing import time_invocations, warm_up
from edge.inference.interpreter import ImageInterpreter
from edge.inference.steps import Steps
from edge.preprocess import preprocess

_BLOCK_SECONDS = 0.02  # short, so that a disturbance hits both alike


def compare(model: Path, runtime: str | None = None, threads: int = 1, blocks: int = 300) -> dict[str, Any]:
    """The time of one invocation by both, in microseconds, and ``overhead``: ours over bare, less one.

    A block is about 20 ms long. Bare is a loop of nothing but ``invoke()``, timed as a whole; ours is
    the loop of ``edge bench``, whose samples are added up. Both figures are medians over the blocks;
    ``overhead`` is the median over pairs of neighbouring blocks. ``copy_us`` is what setting the picture
    and fetching the output take beside, which ``edge bench`` leaves outside its clock.
    """
    loaded = load_model(model.read_bytes())
    interpreter = ImageInterpreter(loaded, threads=threads, runtime=runtime)
    steps = interpreter.steps(preprocess(draw_photo(), loaded.input_size))
    invocation_ns = warm_up(steps, 0.1)[-1]
    runs = max(3, int(_BLOCK_SECONDS * 1e9 / invocation_ns))
    bare, ours, copies = [], [], []
    for number in range(blocks):
        for ours_now in (number % 2 == 0, number % 2 == 1):
            if ours_now:
                ours.append(_mean_ours(steps, runs))
            else:
                bare.append(_mean_bare(steps, runs))
        copies.append(_mean_copies(steps, runs))
    return {
        "model": model.name,
        "runtime": interpreter.runtime,
        "threads": threads,
        "blocks": blocks,
        "bare_us": round(median(bare) / 1e3, 2),
        "ours_us": round(median(ours) / 1e3, 2),
        "copy_us": round(median(copies) / 1e3, 2),
        "overhead": round(median(one / other for one, other in zip(ours, bare, strict=True)) - 1, 4),
    }


def _mean_bare(steps: Steps, runs: int) -> float:
    invoke = steps.invoke
    before = perf_counter_ns()
    for _ in range(runs):
        invoke()
    return (perf_counter_ns() - before) / runs


def _mean_ours(steps: Steps, runs: int) -> float:
    return sum(time_invocations(steps, 0, min_runs=runs)) / runs


def _mean_copies(steps: Steps, runs: int) -> float:
    set_input, _, get_output = steps
    before = perf_counter_ns()
    for _ in range(runs):
        set_input()
        get_output()
    return (perf_counter_ns() - before) / runs
