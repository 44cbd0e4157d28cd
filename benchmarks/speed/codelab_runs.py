"""``trainer retrain`` against the codelab's loop: both as processes, cold and with everything cached, alternating."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import pairs
from benchmarks.speed.measured_process import run_trainer
from trainer.backbones.architectures import Architecture
from trainer.backbones.weights import download, find_weights
from trainer.progress import Progress

_SCRIPT = "benchmarks.speed.codelab_loop"


def compare(
    image_dir: Path, architectures: list[Architecture], rounds: int, progress: Progress
) -> list[dict[str, Any]]:
    """One row for each architecture: seconds of whole processes, and the medians' ratio, ours to the codelab's.

    ``cold`` has nothing cached, ``second`` has all that the run before it has kept. ``codelab_accuracy`` is the
    share of the loop's own test photos that it names rightly, 0 to 1.
    """
    return [_row(image_dir, architecture, rounds, progress) for architecture in architectures]


def _row(image_dir: Path, architecture: Architecture, rounds: int, progress: Progress) -> dict[str, Any]:
    weights = find_weights(architecture, None, lambda found: True, download)
    seconds: dict[str, dict[str, list[float]]] = {name: {"ours": [], "codelab": []} for name in ("cold", "second")}
    with tempfile.TemporaryDirectory() as scratch, progress.stage("rounds", rounds) as advance:
        graph = Path(scratch) / "graph.pb"
        _codelab("freeze", architecture.name, str(weights.path), str(graph))
        for number in range(rounds):
            folder = Path(scratch) / str(number)
            for name in ("cold", "second"):
                command = ["retrain", str(image_dir), "--architecture", architecture.name]
                command += ["--output", str(folder / "model.tflite"), "--bottleneck-dir", str(folder / "cache")]
                seconds[name]["ours"].append(run_trainer(*command).seconds)
                arguments = [str(graph), str(architecture.input_size), str(image_dir), str(folder / "text")]
                taken, answer = _codelab("run", *arguments)
                seconds[name]["codelab"].append(taken)
            advance(1)
    row: dict[str, Any] = {"architecture": architecture.name, "codelab_accuracy": round(float(json.loads(answer)), 4)}
    for name, both in seconds.items():
        row[f"{name}_s"] = {who: [round(s, 2) for s in found] for who, found in both.items()}
        row[f"{name}_ratio"] = round(median(both["ours"]) / median(both["codelab"]), 3)
    row["noisy"] = any(pairs(both["ours"], both["codelab"]).noisy for both in seconds.values())
    return row


def _codelab(*arguments: str) -> tuple[float, str]:
    """Seconds of the script as a process, and the last line that it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", _SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return time.perf_counter() - started, (done.stdout.splitlines() or [""])[-1]
