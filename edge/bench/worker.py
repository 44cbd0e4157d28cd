"""``python -m edge.bench.worker``: one fresh process that measures one configuration for one round.

The request comes as one JSON object on stdin, the answer goes as one JSON object to stdout. Whatever the
runtime prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from edge.bench.models import load_model
from edge.bench.timing import time_calls, time_invocations, warm_up
from edge.errors import EdgeError, ModelError
from edge.inference.delegate import from_parent
from edge.inference.interpreter import RUNTIMES, ImageInterpreter
from edge.inference.refusals import RUN_ERRORS, reason_of
from edge.modelfile.normalization import given_normalization
from edge.preprocess import preprocess
from edge.system.resource_limits import GRACE_S, end_after

_STATUS = Path("/proc/self/status")
_WARM_UP_BLOCK = 0.1  # of the seconds asked for
_END_TO_END = 0.5  # of the seconds asked for
_END_TO_END_RUNS = 5


class MeasurementRequest(NamedTuple):
    """What to measure: the model file at ``path``, whose content must have ``sha256``, and how.

    ``labels`` is a label file or None, ``photo`` an image file, ``seconds`` the time for the timed
    invocations. A worker that has not ended after ``time_limit_s`` seconds is stopped. ``pixels`` are the arguments of
    :func:`edge.modelfile.normalization.given_normalization`, None if there are none. ``delegate`` is what
    :func:`edge.inference.delegate.for_child` gives.
    """

    path: str
    sha256: str
    labels: str | None
    runtime: str
    threads: int
    seconds: float
    photo: str
    time_limit_s: float
    pixels: dict[str, Any] | None = None
    delegate: dict[str, Any] | None = None


def measure(request: MeasurementRequest) -> dict[str, Any]:
    """Load the model, warm it up and time it.

    Returns ``load_ms`` (the interpreter made and its tensors allocated; the runtime's import is not in it),
    ``first_ms`` (the first invocation), ``samples_ns`` (one invocation each), ``end_to_end_ns`` (decoding,
    preprocessing and inference of the photo each) and ``peak_memory_bytes`` (None if Linux' /proc is
    missing).

    Raises :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError` if the model or the
    runtime cannot be used, :class:`~edge.errors.ImageError` if the photo cannot be decoded.
    """
    content = Path(request.path).read_bytes()
    if hashlib.sha256(content).hexdigest() != request.sha256:
        raise ModelError("the file changed while it was measured; run the benchmark again")
    model = load_model(content, request.labels, given_normalization(**request.pixels or {}))
    photo = Path(request.photo).read_bytes()
    pixels = preprocess(photo, model.input_size)
    delegate = from_parent(request.delegate)
    with contextlib.suppress(ImportError, AttributeError):  # loading the interpreter below raises what is wrong with it
        importlib.import_module(RUNTIMES[request.runtime])

    started = time.perf_counter_ns()
    interpreter = ImageInterpreter(model, threads=request.threads, runtime=request.runtime, delegate=delegate)
    loaded = time.perf_counter_ns()
    steps = interpreter.steps(pixels)
    gc.collect()
    gc.disable()
    try:
        (first,) = time_invocations(steps, 0, min_runs=1)
        warm_up(steps, request.seconds * _WARM_UP_BLOCK)
        samples = time_invocations(steps, request.seconds)
    except RUN_ERRORS as error:
        raise ModelError(f"{request.runtime} failed while running this model ({reason_of(error)})") from None
    finally:
        gc.enable()

    def end_to_end() -> None:
        interpreter.scores(preprocess(photo, model.input_size))

    return {
        "load_ms": (loaded - started) / 1e6,
        "first_ms": first / 1e6,
        "samples_ns": samples,
        "end_to_end_ns": time_calls(end_to_end, request.seconds * _END_TO_END, min_runs=_END_TO_END_RUNS),
        "peak_memory_bytes": _peak_memory_bytes(),
    }


def _peak_memory_bytes() -> int | None:
    """The largest resident size of this process so far, as the kernel counted it since the program began."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def main() -> None:
    """Answer the request on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C and ends this one
    answer_to = os.dup(1)
    os.dup2(2, 1)
    request = MeasurementRequest(**json.load(sys.stdin))
    end_after(request.time_limit_s + GRACE_S)
    try:
        answer = measure(request)
    except EdgeError as error:
        answer = {"error": str(error)}
    except OSError as error:
        answer = {"error": f"the model or the photo cannot be read any more ({error.strerror})"}
    with os.fdopen(answer_to, "w") as out:
        json.dump(answer, out)


if __name__ == "__main__":
    main()
