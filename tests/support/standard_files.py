"""A results file of ``edge bench --standard`` for tests, filled by a formula instead of a clock."""

from __future__ import annotations

from typing import Any

from edge.bench.fastest import fastest_quantizations
from edge.bench.results import noise
from edge.bench.soak_summary import summarize
from edge.bench.standard.points import VERSION, standard_models
from edge.bench.standard.run import SOAK_MODEL
from trainer.backbones.architectures import Architecture, published

_STATE = {"frequency_mhz": 2400, "temperature_c": 45.1, "throttled": "0x0", "load": 0.1}


def standard_results() -> dict[str, Any]:
    """A full run on a Raspberry Pi 5: 2e10 multiplications a second, int8 twice as fast, four threads three times."""
    rows = [_row(model, threads) for threads in (1, 4) for model in standard_models()]
    begin_ms = next(row["p50_ms"] for row in rows if (row["model"], row["threads"]) == (SOAK_MODEL, 4))
    windows = [_window(index, begin_ms * (1.1 if index > 40 else 1.0)) for index in range(60)]
    soak = {"model": SOAK_MODEL, "runtime": "litert", "threads": 4, "rest_s": 60.0, "windows": windows, "error": None}
    noise_found = noise(rows)
    return {
        "schema_version": 1,
        "kind": "edge-bench",
        "date": "2026-11-27",
        "command": "edge bench --standard --soak-minutes 10 --rounds 5 --seconds 1 --output board.json",
        "board": {
            "board": "Raspberry Pi 5 Model B Rev 1.0",
            "machine": "aarch64",
            "cores": 4,
            "memory_bytes": 8 << 30,
            "governor": "ondemand",
            "system": "Debian GNU/Linux 13 (trixie)",
            "python": "3.13.5",
            "versions": {"numpy": "2.3.1", "pillow": "12.0.0", "ai-edge-litert": "2.3.0"},
        },
        "state_before": _STATE,
        "state_after": _STATE,
        "settings": {
            "rounds": 5,
            "seconds": 1.0,
            "threads": [1, 4],
            "runtimes": ["litert"],
            "photo": None,
            "delegate": None,
        },
        "noise": noise_found,
        "fastest": fastest_quantizations(rows, noise_found["resolution"]),
        "delegates": [],
        "standard": {"version": VERSION, "soak_s": 600.0},
        "soak": {**soak, **summarize(windows, 2.5)},
        "rows": rows,
    }


def _row(model: Any, threads: int) -> dict[str, Any]:
    macs = published()[Architecture.parse(model.architecture)].million_macs * 1e6
    times = (1.0 if model.quantization == "float32" else 0.5) / (1 if threads == 1 else 3)
    latency = round(1000 * macs / 2e10 * times, 4)
    return {
        "model": model.name,
        "sha256": model.sha256,
        "size_bytes": model.size_bytes,
        "architecture": model.architecture,
        "quantization": model.quantization,
        "input_size": model.input_size,
        "accuracy": None,
        "accuracy_photos": 0,
        "runtime": "litert",
        "runtime_version": "2.3.0",
        "threads": threads,
        "delegate": None,
        "rounds": 5,
        "runs": max(50, int(4800 / latency)),
        "p50_ms": latency,
        "p90_ms": latency * 1.1,
        "p99_ms": latency * 1.3,
        "mean_ms": latency * 1.02,
        "round_p50_ms": [latency, latency * 1.004, latency, latency * 0.998, latency],
        "load_ms": 10.0,
        "first_ms": latency * 2,
        "peak_memory_bytes": 60_000_000,
        "end_to_end_ms": latency + 2,
        "error": None,
    }


def _window(index: int, latency_ms: float) -> dict[str, Any]:
    return {
        "seconds": 10.0 * (index + 1),
        "runs": int(9900 / latency_ms),
        "p50_ms": round(latency_ms, 4),
        "p90_ms": round(1.1 * latency_ms, 4),
        "temperature_c": min(85.0, 45.0 + index),
        "frequency_mhz": 2400 if index <= 40 else 2000,
        "throttled": "0x0" if index <= 40 else "0x80008",
        "power_w": 6.5,
    }
