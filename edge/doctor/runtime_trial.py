"""Which of the installed interpreters is the fastest with a model, measured in fresh processes."""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.bench.photo import draw_photo
from edge.bench.progress import Progress
from edge.bench.ranking import Comparison, compare
from edge.bench.run import run_worker
from edge.bench.worker import MeasurementRequest
from edge.errors import EdgeError
from edge.inference.delegate import DelegateChoice, for_child
from edge.modelfile.reading import MAX_MODEL_BYTES, read_bounded

Measure = Callable[[MeasurementRequest], dict[str, Any]]
"""Answers a request as :func:`edge.bench.worker.measure` does, or with ``{"error": "one line"}``."""

ROUNDS = 3
_SECONDS = 0.2  # of timed inferences in each round
_TIME_LIMIT_S = 60.0


def compare_runtimes(
    path: Path,
    labels: str | None,
    runtimes: Sequence[str],
    threads: int,
    pixels: Mapping[str, Any],
    measure: Measure = run_worker,
    delegate: DelegateChoice | None = None,
) -> Comparison | None:
    """Compare one inference of the model at ``path`` on each of ``runtimes``, in turn, in :data:`ROUNDS` rounds.

    ``labels``, ``threads``, ``pixels`` and ``delegate`` are those of :func:`edge.doctor.model_trial.try_model`. Each
    measurement takes a fresh process, which ``measure`` starts. None if one of them fails, if the file cannot be read
    any more, or if no photo can be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="edge-doctor-") as folder:
            photo = Path(folder, "photo.jpg")
            photo.write_bytes(draw_photo())
            request = MeasurementRequest(
                path=str(path.absolute()),
                sha256=hashlib.sha256(read_bounded(path, MAX_MODEL_BYTES, "the model")).hexdigest(),
                labels=labels and str(Path(labels).absolute()),
                runtime="",
                threads=threads,
                seconds=_SECONDS,
                photo=str(photo),
                time_limit_s=_TIME_LIMIT_S,
                pixels=dict(pixels),
                delegate=for_child(delegate),
            )
            return _compare(request, runtimes, measure)
    except (EdgeError, OSError):  # OSError: a full or read-only disk, which is one of the other checks
        return None


def _compare(request: MeasurementRequest, runtimes: Sequence[str], measure: Measure) -> Comparison | None:
    rounds_ms: dict[str, list[float]] = {name: [] for name in runtimes}
    with Progress(sys.stderr, ROUNDS * len(runtimes)) as progress:
        for number in range(ROUNDS):
            for name in reversed(runtimes) if number % 2 else runtimes:
                progress.show(f"{Path(request.path).name}, {name}")
                answer = measure(request._replace(runtime=name))
                if "error" in answer:
                    return None
                rounds_ms[name].append(statistics.median(answer["samples_ns"]) / 1e6)
                progress.advance()
    return compare(rounds_ms)
