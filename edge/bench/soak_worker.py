"""``python -m edge.bench.soak_worker``: one process that runs one model for minutes, window after window.

The request comes as one JSON object on stdin. Each window gives one line of JSON on stdout: ``seconds`` since the
start at its end, ``runs``, ``p50_ms`` and ``p90_ms`` of its inferences. A problem gives ``{"error": "one line"}``.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, TextIO

import numpy as np

from edge.bench.models import load_model
from edge.bench.timing import time_invocations
from edge.errors import EdgeError
from edge.inference.interpreter import ImageInterpreter
from edge.preprocess import preprocess
from edge.system.resource_limits import end_after

_GRACE_S = 60.0
_MAX_WINDOW_RUNS = 1_000_000
_DECIMALS = 4  # of a millisecond


class SoakRequest(NamedTuple):
    """What to run: the model file at ``path`` on ``runtime`` with ``threads``, for ``seconds``.

    A window lasts ``window_s`` seconds, ``photo`` is an image file.
    """

    path: str
    runtime: str
    threads: int
    seconds: float
    window_s: float
    photo: str


def run_windows(request: SoakRequest, out: TextIO) -> None:
    """Write one line to ``out`` for each window.

    Raises the :class:`~edge.errors.EdgeError` of a model or a runtime that cannot be used.
    """
    model = load_model(Path(request.path).read_bytes())
    pixels = preprocess(Path(request.photo).read_bytes(), model.input_size)
    steps = ImageInterpreter(model, threads=request.threads, runtime=request.runtime).steps(pixels)
    time_invocations(steps, 0, min_runs=1)  # it fills caches
    gc.collect()
    gc.disable()
    started = perf_counter()
    while (elapsed := perf_counter() - started) < request.seconds:
        left_s = request.seconds - elapsed
        samples = time_invocations(steps, min(request.window_s, left_s), min_runs=1, max_runs=_MAX_WINDOW_RUNS)
        _answer(out, _window(samples, perf_counter() - started))


def _window(samples_ns: list[int], seconds: float) -> dict[str, Any]:
    p50, p90 = np.percentile(samples_ns, (50, 90)) / 1e6
    return {
        "seconds": round(seconds, 3),
        "runs": len(samples_ns),
        "p50_ms": round(float(p50), _DECIMALS),
        "p90_ms": round(float(p90), _DECIMALS),
    }


def _answer(out: TextIO, answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


def main() -> None:
    """Answer the request on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C and ends this one
    answer_to = os.dup(1)
    os.dup2(2, 1)
    request = SoakRequest(**json.load(sys.stdin))
    end_after(2 * request.seconds + _GRACE_S)
    with os.fdopen(answer_to, "w") as out:
        try:
            run_windows(request, out)
        except EdgeError as error:
            _answer(out, {"error": str(error)})
        except (OSError, ValueError, RuntimeError) as error:
            _answer(out, {"error": f"{request.runtime} failed while running the model ({error})"})


if __name__ == "__main__":
    main()
