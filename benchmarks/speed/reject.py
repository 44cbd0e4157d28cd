"""What ``--reject`` adds to an answer: a picture with the gate and without it, in one process, in turn."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any

import numpy as np

from benchmarks.pairs import pairs
from edge.bench.models import load_model
from edge.bench.photo import draw_photo
from edge.inference.classifier import Classifier
from edge.inference.interpreter import ImageInterpreter, choose_runtime
from edge.modelfile.model_file import ModelFile
from edge.preprocess import Pixels, preprocess

_UNDISTURBED = 0.1  # the quantile of many single calls: what the machine does beside makes calls longer, never shorter


def compare(model: Path, runtime: str | None = None, rounds: int = 10, seconds: float = 1.0) -> dict[str, Any]:
    """Microseconds for a picture: ``bare`` calls of the runtime, an answer ``without`` the gate and one ``with`` it.

    Single calls in turn. A round loads all anew and takes ``seconds``; its times are 10th percentiles, those of the row
    are medians over the rounds. ``gate_us`` is how much longer the answer with a gate takes, ``of_bare`` and
    ``of_answer`` are the shares that this is of an inference and of an answer without. The picture has the size of the
    network, so that neither decoding nor scaling is in these times.

    Raises :class:`~edge.errors.ConfigurationError` if the model has no gate.
    """
    loaded = load_model(model.read_bytes())
    picture = preprocess(draw_photo(), loaded.input_size)
    times: dict[str, list[float]] = {"bare": [], "without": [], "with": []}
    for _ in range(rounds):
        for name, took in _in_turn(_ways(loaded, picture, runtime), seconds).items():
            times[name].append(float(np.quantile(took, _UNDISTURBED)) / 1e3)
    gate = median(one - other for one, other in zip(times["with"], times["without"], strict=True))
    us = {name: median(each) for name, each in times.items()}
    return {
        "model": model.name,
        "runtime": choose_runtime(runtime),
        "rounds": rounds,
        **{f"{name}_us": round(each, 1) for name, each in us.items()},
        "gate_us": round(gate, 1),
        "of_bare": round(gate / us["bare"], 4),
        "of_answer": round(gate / us["without"], 4),
        **pairs(times["with"], times["without"]).as_json(),
    }


def _ways(model: ModelFile, picture: Pixels, runtime: str | None) -> dict[str, Callable[[], object]]:
    """What is timed; all on interpreters of their own."""
    steps = ImageInterpreter(model, runtime=runtime).steps(picture)
    without, gated = (Classifier(model, runtime=runtime, reject=reject) for reject in (False, True))

    def bare() -> None:
        steps.set_input()
        steps.invoke()
        steps.get_output()

    return {
        "bare": bare,
        "without": partial(without.gated_scores, picture),
        "with": partial(gated.gated_scores, picture),
    }


def _in_turn(ways: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[int]]:
    """Nanoseconds of single calls of ``ways``, each after one that is not timed."""
    took: dict[str, list[int]] = {name: [] for name in ways}
    collects = gc.isenabled()
    gc.disable()
    try:
        end = perf_counter() + seconds
        while perf_counter() < end or not took["with"]:
            for name, call in ways.items():
                call()
                before = perf_counter_ns()
                call()
                took[name].append(perf_counter_ns() - before)
    finally:
        if collects:
            gc.enable()
    return took
