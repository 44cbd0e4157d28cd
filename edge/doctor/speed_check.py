"""The check of the interpreters' speed with the model: is the one in use the fastest that is installed?"""

from __future__ import annotations

from typing import Any

from edge.bench.ranking import ranking_text
from edge.doctor.check import OK, WARNING, Check
from edge.doctor.machine_facts import MachineFacts
from edge.inference.interpreter import RUNTIME_VARIABLE
from edge.inference.slow_kernels import slow_kernels, slow_kernels_fix


def speed_checks(facts: MachineFacts) -> list[Check]:
    """Which interpreter is faster with the model, which one is in use, and how to choose another.

    If they were not compared, the one in use may be known to be slow with the model's quantization. A machine where
    nothing is known about it gets no check.
    """
    used = facts.model_runtime
    if used is None:
        return []
    if facts.speed is None:
        slow = slow_kernels(facts.model_quantization, used, facts.machine)
        fix = slow_kernels_fix([package.name for package in facts.runtimes])
        return [] if slow is None else [Check("speed", WARNING, slow, fix)]
    medians, ranking = facts.speed
    others = [name for name in medians if name != used]
    other, which = (others[0], "the other") if len(others) == 1 else ("NAME", "another")
    slower = {name: (factor, factor) for name, factor in ranking.slower.items()}
    times = ", ".join(f"{name} {_ms(value)} ms" for name, value in medians.items())
    threads = f"{facts.threads} thread{'s' * (facts.threads > 1)}"
    text = f"{ranking_text(ranking.fastest, slower, advise=False)} ({times}; {threads}); in use: {used}"
    if used in ranking.fastest:
        return [Check("speed", OK, f"{text}; {RUNTIME_VARIABLE}={other} or --runtime takes {which}")]
    fix = f"{RUNTIME_VARIABLE}={ranking.fastest[0]}, or --runtime {ranking.fastest[0]}"
    return [Check("speed", WARNING, text, fix)]


def speed_json(facts: MachineFacts) -> dict[str, Any] | None:
    """The comparison of the interpreters as ``edge doctor --json`` prints it, None if there is none."""
    if facts.speed is None:
        return None
    return {"in_use": facts.model_runtime, "threads": facts.threads, **facts.speed.as_json()}


def _ms(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
