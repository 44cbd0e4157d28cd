"""How fast model files are on this machine, compared with each other."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from edge.bench.ranking import Comparison, compare
from edge.bench.timing import time_invocations
from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from edge.modelfile.model_file import ModelFile
from trainer.progress import Progress

THREADS = 1
"""CPU threads of one inference: as many as each worker of ``edge label`` uses."""

_ROUNDS = 5
_ROUND_S = 0.05
_LEAST_RUNS = 5  # of a round
_SEED = 1


class Speed(NamedTuple):
    """The ``comparison`` of model files on ``runtime``, with :data:`THREADS` threads."""

    runtime: str
    comparison: Comparison


def time_models(models: Mapping[str, ModelFile], progress: Progress) -> Speed:
    """Time one inference of each of ``models``, by name, with the interpreter in use.

    The models are measured in turn, in several rounds after one that warms up, so that drift and other programs
    affect all of them. The times in an evaluation would not do: they are mostly the decoding of photos, all cores
    work at once, and one quantization is evaluated minutes after another.
    """
    interpreters = {name: ImageInterpreter(model, threads=THREADS) for name, model in models.items()}
    steps = {name: one.steps(make_patterns(_SEED, models[name].input_size)[-1]) for name, one in interpreters.items()}
    rounds_ms: dict[str, list[float]] = {name: [] for name in models}
    with progress.stage("speed", _ROUNDS + 1) as advance:
        for number in range(_ROUNDS + 1):
            for name in reversed(steps) if number % 2 else steps:
                samples = time_invocations(steps[name], _ROUND_S, min_runs=_LEAST_RUNS)
                if number:
                    rounds_ms[name].append(median(samples) / 1e6)
            advance(1)
    return Speed(next(iter(interpreters.values())).runtime, compare(rounds_ms))
