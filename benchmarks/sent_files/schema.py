"""The form of a results file of ``edge bench --standard``, field by field."""

from __future__ import annotations

import re
from typing import Any

from benchmarks.sent_files.forms import (
    TOP,
    Form,
    boolean,
    fields,
    listed,
    mapping,
    nothing,
    number,
    one_of,
    optional,
    text,
    whole,
)
from edge.bench.results import KIND, SCHEMA_VERSION
from edge.bench.standard.points import POINTS, VERSION
from edge.errors import DataError
from edge.inference.interpreter import MAX_THREADS, RUNTIMES

_LONGEST_MS = 3.6e6
_MOST_RUNTIMES = len(RUNTIMES)
_ms = number(1e-4, _LONGEST_MS)
_runtime = one_of(*RUNTIMES)
_threads = whole(1, MAX_THREADS)
_rounds = whole(2, 1000)
_celsius = optional(number(-60, 150))
_megahertz = optional(whole(1, 20_000))
_watts = number(0, 1000)


def _flags(value: Any, where: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"0x[0-9a-f]{1,8}", value):
        raise DataError(f"{where} is not what vcgencmd get_throttled says")


def _measured(form: Form) -> Form:
    """Of a row: null beside an error (:func:`check_schema` looks whether there is one)."""
    return optional(form)


_STATE = fields(
    {
        "frequency_mhz": _megahertz,
        "temperature_c": _celsius,
        "throttled": optional(_flags),
        "load": optional(number(0, 100_000)),
    }
)
_BOARD = fields(
    {
        "board": text(),
        "machine": text(40),
        "cores": whole(1, 4096),
        "memory_bytes": optional(whole(1 << 20, 1 << 50)),
        "governor": optional(text(40)),
        "system": text(),
        "python": text(40),
        "versions": mapping(text(60), 20),
    }
)
_SETTINGS = fields(
    {
        "rounds": _rounds,
        "seconds": number(1e-6, 3600),
        "threads": listed(_threads, 1, 2),
        "runtimes": listed(_runtime, 1, _MOST_RUNTIMES),
        "photo": nothing,
        "delegate": nothing,
    }
)
_ROW = fields(
    {
        "model": one_of(*(point.name for point in POINTS)),
        "sha256": text(64),
        "size_bytes": whole(1, 1 << 30),
        "architecture": text(40),
        "quantization": text(40),
        "input_size": whole(1, 10_000),
        "accuracy": nothing,
        "accuracy_photos": one_of(0),
        "runtime": _runtime,
        "runtime_version": optional(text(60)),
        "threads": _threads,
        "delegate": nothing,
        "rounds": _measured(_rounds),
        "runs": _measured(whole(1, 10**8)),
        "p50_ms": _measured(_ms),
        "p90_ms": _measured(_ms),
        "p99_ms": _measured(_ms),
        "mean_ms": _measured(_ms),
        "round_p50_ms": _measured(listed(_ms, 2, 1000)),
        "load_ms": _measured(_ms),
        "first_ms": _measured(_ms),
        "peak_memory_bytes": optional(whole(1 << 20, 1 << 40)),
        "end_to_end_ms": _measured(_ms),
        "error": optional(text(300)),
    }
)
_WINDOW = fields(
    {
        "seconds": number(1e-3, 10**6),
        "runs": whole(1, 10**8),
        "p50_ms": _ms,
        "p90_ms": _ms,
        "temperature_c": _celsius,
        "frequency_mhz": _megahertz,
        "throttled": optional(_flags),
        "power_w": optional(_watts),
    }
)
_ENERGY = fields(
    {
        "power_w": _watts,
        "idle_w": optional(_watts),
        "joules_per_inference": number(0, 10**6),
        "joules_above_idle": optional(number(-(10**6), 10**6)),
    }
)
_SOAK = fields(
    {
        "model": one_of(*(point.name for point in POINTS)),
        "runtime": _runtime,
        "threads": _threads,
        "rest_s": number(0, 3600),
        "windows": listed(_WINDOW, 1, 10_000),
        "error": nothing,
        "begin_ms": _ms,
        "end_ms": _ms,
        "slowdown": number(-1, 10**6),
        "slow_from_s": optional(number(0, 10**6)),
        "energy": optional(_ENERGY),
    }
)
_FASTEST = fields(
    {
        "architecture": text(40),
        "runtime": _runtime,
        "threads": _threads,
        "fastest": listed(text(40), 1, 4),
        "times_as_long": mapping(number(1, 10**6), 4),
    }
)
_FILE = fields(
    {
        "schema_version": one_of(SCHEMA_VERSION),
        "kind": one_of(KIND),
        "date": text(10),
        "command": text(),
        "board": _BOARD,
        "state_before": _STATE,
        "state_after": _STATE,
        "settings": _SETTINGS,
        "noise": fields({"spread": number(0, 100), "resolution": number(0, 100), "too_noisy": boolean}),
        "fastest": listed(_FASTEST, 0, 1000),
        "delegates": one_of([]),
        "standard": fields({"version": one_of(VERSION), "soak_s": number(1e-3, 10**6)}),
        "soak": _SOAK,
        "rows": listed(_ROW, 1, 2 * _MOST_RUNTIMES * len(POINTS)),
    }
)
_FIGURES = ("rounds", "runs", "p50_ms", "p90_ms", "p99_ms", "mean_ms", "round_p50_ms", "load_ms", "first_ms")


def check_schema(results: dict[str, Any]) -> None:
    """Raise :class:`~edge.errors.DataError` if ``results`` does not have the form of such a file."""
    if "standard" not in results:
        raise DataError("not measured with --standard; only files of edge bench --standard can be compared")
    if isinstance(results.get("soak"), dict) and isinstance(results["soak"].get("error"), str):
        raise DataError("the minutes under load failed on this board; run the command again")
    _FILE(results, TOP)
    for index, row in enumerate(results["rows"]):
        has = [row[name] is not None for name in (*_FIGURES, "end_to_end_ms")]
        if any(has) if row["error"] is not None else not all(has):
            raise DataError(f"rows[{index}] must have either all figures or an error")
