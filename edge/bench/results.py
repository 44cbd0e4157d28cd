"""Results: measurements become rows, rows become a noise figure, and both become files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from edge.bench.plan import Configuration
from edge.errors import DataError
from edge.regular_file import read_regular

KIND = "edge-bench"
SCHEMA_VERSION = 1

MAX_RESULTS_BYTES = 64 << 20
"""The largest file of results that is read, in bytes."""

FACTS = (
    "model",
    "sha256",
    "size_bytes",
    "architecture",
    "quantization",
    "input_size",
    "accuracy",
    "accuracy_photos",
    "runtime",
    "runtime_version",
    "threads",
    "delegate",
)
FIGURES = (
    "rounds",
    "runs",
    "p50_ms",
    "p90_ms",
    "p99_ms",
    "mean_ms",
    "round_p50_ms",
    "load_ms",
    "first_ms",
    "peak_memory_bytes",
    "end_to_end_ms",
)
FIELDS = (*FACTS, *FIGURES, "error")
"""The fields of a row, in the order of the CSV file's columns. :data:`FIGURES` are None beside an error."""

FINEST_RESOLUTION = 0.01
"""A p50 that differs by less than 1 % is never a difference, however quiet the machine: memory layouts differ more."""

NOISY_RESOLUTION = 0.10
"""A machine with a resolution of 10 % or more counts as too noisy."""

_SPREADS = 1.5  # two configurations must differ by this many times the spread of their rounds
_DECIMALS = 4  # of a millisecond


def make_row(
    configuration: Configuration, runtime_version: str | None, answers: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The row of ``configuration`` from the workers' ``answers``, one for each round.

    Percentiles and mean are those of the samples of all rounds together; load time and first invocation
    are medians over the rounds, the memory is the largest. If a model could not be used, or an answer is an
    error, the figures are None.
    """
    model = configuration.model
    row: dict[str, Any] = {
        "model": model.name,
        "sha256": model.sha256,
        "size_bytes": model.size_bytes,
        "architecture": model.architecture,
        "quantization": model.quantization,
        "input_size": model.input_size,
        "accuracy": model.accuracy,
        "accuracy_photos": model.accuracy_photos,
        "runtime": configuration.runtime,
        "runtime_version": runtime_version,
        "threads": configuration.threads,
        "delegate": configuration.delegate and configuration.delegate.text,
    }
    error = model.error or next((answer["error"] for answer in answers if "error" in answer), None)
    figures = dict.fromkeys(FIGURES) if error else _figures(answers)
    return {**row, **figures, "error": error}


def _figures(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rounds = [np.asarray(answer["samples_ns"], np.float64) / 1e6 for answer in answers]
    samples = np.concatenate(rounds)
    end_to_end = np.concatenate([answer["end_to_end_ns"] for answer in answers]) / 1e6
    memory = [answer["peak_memory_bytes"] for answer in answers]
    p50, p90, p99 = np.percentile(samples, (50, 90, 99))
    return {
        "rounds": len(rounds),
        "runs": len(samples),
        "p50_ms": _ms(p50),
        "p90_ms": _ms(p90),
        "p99_ms": _ms(p99),
        "mean_ms": _ms(samples.mean()),
        "round_p50_ms": [_ms(np.median(one)) for one in rounds],
        "load_ms": _ms(median(answer["load_ms"] for answer in answers)),
        "first_ms": _ms(median(answer["first_ms"] for answer in answers)),
        "peak_memory_bytes": None if None in memory else max(memory),
        "end_to_end_ms": _ms(np.median(end_to_end)),
    }


def _ms(value: Any) -> float:
    return round(float(value), _DECIMALS)


def spread(row: dict[str, Any]) -> float:
    """How much the rounds of one row differ: the largest less the smallest p50, over their median."""
    medians = row["round_p50_ms"]
    return float((max(medians) - min(medians)) / median(medians))


def noise(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The smallest difference that this machine can measure: the ``noise`` object of a results file.

    ``spread`` is the median over the rows of :func:`spread`. Two configurations whose p50 differ by less than the
    share ``resolution`` count as equal: 1.5 times the spread, but at least 1 %. From 10 % on the
    machine is ``too_noisy``.
    """
    spreads = [spread(row) for row in rows if row["error"] is None]
    typical = median(spreads) if spreads else 0.0
    resolution = max(FINEST_RESOLUTION, _SPREADS * typical)
    return {
        "spread": round(typical, 4),
        "resolution": round(resolution, 4),
        "too_noisy": resolution >= NOISY_RESOLUTION,
    }


def distinguishable(one_ms: float, other_ms: float, resolution: float) -> bool:
    """Whether two times differ by at least the share ``resolution`` of the smaller one."""
    low, high = sorted((one_ms, other_ms))
    return high - low >= resolution * low


def to_json(results: dict[str, Any]) -> str:
    """The text of a results file."""
    return json.dumps(results, indent=1) + "\n"


def to_csv(rows: Iterable[dict[str, Any]]) -> str:
    """The rows as CSV: a header, one line a row, nothing if a value is None, a list with spaces between."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for row in rows:
        values = (row[field] for field in FIELDS)
        writer.writerow(" ".join(map(str, value)) if isinstance(value, list) else value for value in values)
    return text.getvalue()


def load_results(path: str | Path) -> dict[str, Any]:
    """The results in the file at ``path``, as ``edge bench --output`` wrote them.

    Raises :class:`~edge.errors.DataError` if the file cannot be read, is not a results file of ``edge
    bench``, is damaged, or has another schema version.
    """
    try:
        results = json.loads(read_regular(Path(path), MAX_RESULTS_BYTES).decode())
    except OSError as error:
        raise DataError(f"{path}: cannot read the results ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path}: not a results file of edge bench (not JSON)") from None
    if not isinstance(results, dict) or results.get("kind") != KIND:
        raise DataError(f"{path}: not a results file of edge bench; make one with edge bench --output FILE.json")
    version = results.get("schema_version")
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: results of schema version {version}, this release reads {SCHEMA_VERSION}; "
            "measure again, or use the release that wrote it"
        )
    _add_delegates(results)
    if not _is_whole(results):
        raise DataError(f"{path}: the results are damaged; copy the file again or measure again")
    return results


def _add_delegates(results: dict[str, Any]) -> None:
    """Files of releases that knew no delegates are whole: none was used."""
    rows = results.get("rows")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            row.setdefault("delegate", None)


def _is_whole(results: dict[str, Any]) -> bool:
    objects = ("board", "state_before", "state_after", "settings", "noise")
    rows = results.get("rows")
    if not isinstance(rows, list) or not all(isinstance(results.get(name), dict) for name in objects):
        return False
    if "soak" in results and not _is_whole_soak(results["soak"]):
        return False
    return all(isinstance(row, dict) and set(FIELDS) <= set(row) and _has_figures(row) for row in rows)


def _is_whole_soak(soak: Any) -> bool:
    if not isinstance(soak, dict) or "error" not in soak:
        return False
    windows, figures = soak.get("windows"), ("seconds", "runs", "p50_ms")
    if soak["error"] is not None or not isinstance(windows, list) or not windows:
        return isinstance(soak["error"], str)
    return all(
        isinstance(window, dict) and all(isinstance(window.get(name), (int, float)) for name in figures)
        for window in windows
    )


def _has_figures(row: dict[str, Any]) -> bool:
    return isinstance(row["error"], str) or isinstance(row["p50_ms"], (int, float))
