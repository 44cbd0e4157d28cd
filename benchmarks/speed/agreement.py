"""``edge bench`` against the benchmark tool that LiteRT's own package brings, on files of the standard set."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import pairs
from edge.bench.models import ModelFacts
from edge.bench.photo import draw_photo
from edge.bench.run import TIME_LIMIT_S, run_worker
from edge.bench.standard.points import model_file, standard_models
from edge.bench.worker import MeasurementRequest
from edge.errors import ConfigurationError
from trainer.progress import Progress

TOOL = "ai_edge_litert.tools.benchmark_litert_model"
"""The module behind the command ``litert-benchmark``."""

POINTS = ("mobilenet_1.0_224", "mobilenet_0.50_224")
"""The tool writes milliseconds with two decimals: smaller networks would be compared with its rounding."""

_WARM_UP_RUNS = 50


def compare(rounds: int, seconds: float, threads: Sequence[int], progress: Progress) -> list[dict[str, Any]]:
    """One row for each file and number of threads: the median of one inference by both, in each of ``rounds``.

    Both are fresh processes that time about ``seconds`` of inferences, in turn; every second round begins with the
    tool. ``ours_to_tool`` is the median over the rounds of the ratio of both.
    """
    models = [model for model in standard_models() if model.architecture in POINTS]
    rows = []
    with tempfile.TemporaryDirectory() as name, progress.stage("agreement", len(models) * len(threads)) as advance:
        folder = Path(name)
        (folder / "photo").write_bytes(draw_photo())
        for model in models:
            for count in threads:
                with model_file(model, folder) as path:
                    rows.append(_row(model, path, folder / "photo", rounds, seconds, count))
                advance(1)
    return rows


def _row(model: ModelFacts, path: Path, photo: Path, rounds: int, seconds: float, threads: int) -> dict[str, Any]:
    ours, tool = [_ours_ms(model, path, photo, seconds, threads)], []
    runs = max(10, int(1000 * seconds / ours[0]))
    ours.clear()  # it showed how many runs fill the time
    for number in range(rounds):
        if number % 2:
            tool.append(_tool_ms(path, runs, threads))
        ours.append(_ours_ms(model, path, photo, seconds, threads))
        if number % 2 == 0:
            tool.append(_tool_ms(path, runs, threads))
    compared = pairs(ours, tool)
    return {
        "model": model.name,
        "threads": threads,
        "ours_ms": [round(value, 4) for value in ours],
        "tool_ms": tool,
        "ours_to_tool": round(compared.ratio, 4),
        **compared.as_json(),
    }


def _ours_ms(model: ModelFacts, path: Path, photo: Path, seconds: float, threads: int) -> float:
    limit_s = TIME_LIMIT_S + 10 * seconds
    request = MeasurementRequest(str(path), model.sha256, None, "litert", threads, seconds, str(photo), limit_s)
    answer = run_worker(request)
    if "error" in answer:
        raise ConfigurationError(f"edge bench cannot measure {model.name}: {answer['error']}")
    return median(answer["samples_ns"]) / 1e6


def _tool_ms(path: Path, runs: int, threads: int) -> float:
    """The median that the tool says.

    Raises :class:`~edge.errors.ConfigurationError` if it cannot be run.
    """
    result = path.with_suffix(".json")
    options = ["--num_runs", str(runs), "--warmup_runs", str(_WARM_UP_RUNS), "--num_threads", str(threads)]
    command = [sys.executable, "-m", TOOL, "--model", str(path), *options, "--result_json", str(result)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise ConfigurationError(f"litert-benchmark cannot be run ({reason}); install ai-edge-litert and ml_dtypes")
    return float(json.loads(result.read_text())["latency"]["median_ms"])
