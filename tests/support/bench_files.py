"""Bench files for tests: the schema of ``edge bench``, filled by a formula instead of a clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from trainer.backbones.architectures import Architecture, grid, published


def row(architecture: str | None = "mobilenet_0.25_128", quantization: str = "int8", **changes: Any) -> dict[str, Any]:
    """One measured row; the latency is the published one if ``changes`` have no other."""
    name = f"{architecture}-{quantization}.tflite" if architecture else "foreign.tflite"
    configuration = Architecture.parse(architecture) if architecture else Architecture(0.25, 128)
    figures = published()[configuration]
    published_ms = figures.pixel3_quantized_ms if quantization == "int8" else figures.pixel3_float_ms
    latency = changes.get("p50_ms", published_ms)
    made = {
        "model": name,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "size_bytes": round(figures.million_parameters * (1e6 if quantization == "int8" else 4e6)),
        "architecture": architecture,
        "quantization": quantization,
        "input_size": configuration.input_size,
        "accuracy": None,
        "accuracy_photos": 0,
        "runtime": "litert",
        "runtime_version": "2.3.0",
        "threads": 1,
        "delegate": None,
        "rounds": 3,
        "runs": 300,
        "p50_ms": latency,
        "p90_ms": latency * 1.1,
        "p99_ms": latency * 1.3,
        "mean_ms": latency * 1.02,
        "round_p50_ms": [latency] * 3,
        "load_ms": 10.0,
        "first_ms": latency * 2,
        "peak_memory_bytes": 60_000_000,
        "end_to_end_ms": latency + 2,
        "error": None,
    }
    return {**made, **changes}


def failed_row(**changes: Any) -> dict[str, Any]:
    """A model that no interpreter can run."""
    figures = ("rounds", "runs", "p50_ms", "p90_ms", "p99_ms", "mean_ms", "round_p50_ms", "load_ms", "first_ms")
    nothing = dict.fromkeys((*figures, "peak_memory_bytes", "end_to_end_ms"))
    known = {"model": "broken.tflite", "sha256": "0" * 64, "architecture": None, "quantization": None}
    return {**row(), **nothing, **known, "error": "an operator is missing here", **changes}


def whole_grid(
    threads: Iterable[int] = (1, 2),
    runtimes: Iterable[str] = ("litert", "tflite-runtime"),
    accuracy: Callable[[Architecture], float | None] = lambda architecture: None,
) -> list[dict[str, Any]]:
    """All 16 architectures, int8 and float32; tflite-runtime is four times slower for int8, threads divide the time."""
    rows = []
    for configuration in grid():
        for quantization in ("int8", "float32"):
            for runtime in runtimes:
                for count in threads:
                    made = row(configuration.name, quantization)
                    slower = 4.0 if runtime != "litert" and quantization == "int8" else 1.0
                    worth = accuracy(configuration)
                    changes = {"runtime": runtime, "threads": count, "p50_ms": made["p50_ms"] * slower / count}
                    evaluated = {"accuracy": worth, "accuracy_photos": 0 if worth is None else 459}
                    rows.append(row(configuration.name, quantization, **changes, **evaluated))
    return rows


def write_bench(path: Path, rows: list[dict[str, Any]], **changes: Any) -> Path:
    """Write ``rows`` as a bench file; ``changes`` replace parts of the record."""
    record = {
        "schema_version": 1,
        "kind": "edge-bench",
        "date": "2026-11-23",
        "command": "edge bench grid",
        "board": {"board": "Test Board", "machine": "aarch64", "cores": 4, "versions": {"numpy": "1.26.4"}},
        "state_before": {"temperature_c": 40.0, "throttled": "0x0"},
        "state_after": {"temperature_c": 60.0, "throttled": "0x0"},
        "settings": {"rounds": 3, "seconds": 1.0, "threads": [1, 2], "runtimes": ["litert"], "photo": None},
        "noise": {"spread": 0.02, "resolution": 0.05, "too_noisy": False},
        "rows": rows,
    }
    path.write_text(json.dumps({**record, **changes}), encoding="utf-8")
    return path
