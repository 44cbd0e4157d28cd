"""Rows, noise and results files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bench import results
from edge.bench.models import ModelFacts
from edge.bench.plan import Configuration
from edge.bench.table import format_table
from edge.errors import DataError

MODEL = ModelFacts(Path("m.tflite"), "m.tflite", "00", 1000, "mobilenet_0.25_128", "int8", 128, 0.75, 40)
SAMPLES = st.lists(st.lists(st.integers(1, 10**9), min_size=1, max_size=40), min_size=2, max_size=5)


def _answer(samples_ns: list[int], **figures: Any) -> dict[str, Any]:
    fixed = {"load_ms": 2.0, "first_ms": 3.0, "end_to_end_ns": [5_000_000], "peak_memory_bytes": 10}
    return {"samples_ns": samples_ns, **fixed, **figures}


def _row(*round_ms: float, model: str = "m.tflite") -> dict[str, Any]:
    facts = ModelFacts(Path(model), model, "00", 1000)
    return results.make_row(Configuration(facts, "litert", 1), "2.3.0", [_answer([round(ms * 1e6)]) for ms in round_ms])


def _failed(error: str = "litert cannot run this model", runtime: str = "litert") -> dict[str, Any]:
    return results.make_row(Configuration(MODEL, runtime, 1), "2.3.0", [{"error": error}])


def _results(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    state = {"frequency_mhz": None, "temperature_c": None, "throttled": None, "load": 0.1}
    made = {
        "schema_version": 1,
        "kind": "edge-bench",
        "date": "2026-01-02",
        "command": "edge bench m.tflite",
        "board": {"board": "a board"},
        "state_before": state,
        "state_after": state,
        "settings": {"rounds": 2, "seconds": 1.0, "threads": [1], "runtimes": ["litert"], "photo": None},
        "noise": results.noise(rows),
        "rows": list(rows),
    }
    return {**made, **fields}


@given(SAMPLES)
def test_percentiles_are_those_of_numpy(rounds: list[list[int]]) -> None:
    """Percentiles and mean are taken over the samples of all rounds together, in milliseconds."""
    row = results.make_row(Configuration(MODEL, "litert", 2), "2.3.0", [_answer(samples) for samples in rounds])
    together = np.concatenate(rounds) / 1e6
    expected = [*np.percentile(together, [50, 90, 99]), np.mean(together)]
    assert [row[name] for name in ("p50_ms", "p90_ms", "p99_ms", "mean_ms")] == pytest.approx(expected, abs=6e-5)
    assert row["round_p50_ms"] == pytest.approx([np.median(samples) / 1e6 for samples in rounds], abs=6e-5)
    assert (row["runs"], row["rounds"]) == (len(together), len(rounds))
    json.dumps(row)  # plain numbers, none of numpy's


def test_a_row_has_the_fields_of_the_schema() -> None:
    """Facts, figures and error, each under its published name."""
    answers = [
        _answer([4, 4], load_ms=9.0, first_ms=4.0, end_to_end_ns=[1_000_000], peak_memory_bytes=30),
        _answer([4, 4], load_ms=1.0, first_ms=6.0, end_to_end_ns=[2_000_000, 7_000_000], peak_memory_bytes=20),
    ]
    row = results.make_row(Configuration(MODEL, "litert", 2), "2.3.0", answers)
    assert tuple(row) == results.FIELDS
    assert (row["load_ms"], row["first_ms"], row["end_to_end_ms"], row["peak_memory_bytes"]) == (5.0, 5.0, 2.0, 30)
    assert (row["accuracy"], row["accuracy_photos"], row["threads"], row["runtime_version"]) == (0.75, 40, 2, "2.3.0")
    assert row["error"] is None


def test_an_error_leaves_no_figures() -> None:
    """One round that failed is enough: the row says why, and its figures are None."""
    row = results.make_row(Configuration(MODEL, "litert", 2), "2.3.0", [_answer([4]), {"error": "the process crashed"}])
    assert row["error"] == "the process crashed"
    assert all(row[name] is None for name in results.FIGURES)
    assert tuple(row) == results.FIELDS


@pytest.mark.parametrize(
    ("rounds", "spread", "resolution", "too_noisy"),
    [
        ([(1.0, 1.0)], 0.0, 0.01, False),
        ([(1.0, 1.02, 1.04)], 0.0392, 0.0588, False),
        ([(1.0, 1.0), (2.0, 2.04), (1.0, 9.0)], 0.0198, 0.0297, False),
        ([(1.0, 1.0, 1.1)], 0.1, 0.15, True),
        ([], 0.0, 0.01, False),
    ],
)
def test_noise(rounds: list[tuple[float, ...]], spread: float, resolution: float, too_noisy: bool) -> None:
    """The spread is the median row's, the resolution 1.5 times that and at least 1 %, from 10 % it is too noisy."""
    figures = results.noise([*(_row(*times) for times in rounds), _failed()])
    assert figures == {"spread": spread, "resolution": resolution, "too_noisy": too_noisy}


def test_distinguishable() -> None:
    """Two times are different from the resolution on, whichever is the shorter one."""
    assert not results.distinguishable(1.0, 1.04, 0.05)
    assert results.distinguishable(1.06, 1.0, 0.05)


def test_table() -> None:
    """The fastest row comes first, what may be equally fast is marked, and errors come once, below."""
    rows = [_row(3.0, 3.0, model="slow"), _failed(), _row(1.0, 1.0, model="fast"), _row(1.001, 1.001, model="same")]
    lines = format_table(_results(*rows, _failed(), _failed(runtime="tflite-runtime"))).splitlines()
    assert lines[0].split()[:3] == ["model", "runtime", "threads"]
    assert [line.split()[0] for line in lines[1:4]] == ["fast", "same", "slow"]
    assert [line.split()[3] for line in lines[1:4]] == ["1.00", "~1.00", "3.00"]
    assert lines[4] == "m.tflite (litert, tflite-runtime): not measured: litert cannot run this model"
    assert lines[-2].startswith("noise: the rounds of one row differ by 0.0 %, so a p50 difference below 1.0 %")
    assert lines[-1] == "~ may be as fast as the row above"


def test_table_of_a_noisy_or_throttled_machine() -> None:
    """Noise and throttling are said in words; a board without throttling flags, or with 0x0, is quiet."""
    text = format_table(_results(_row(1.0, 1.5), state_after={"throttled": "0x50005"}))
    assert "\ntoo noisy: the rounds of one row differ by 40.0 %" in text
    assert "\nthrottled (0x50005 after the run)" in text
    assert "throttled" not in format_table(_results(_row(1.0, 1.0), state_after={"throttled": "0x0"}))


def test_csv_equals_json() -> None:
    """The CSV file has the same rows and values as the JSON file."""
    rows = [_row(1.0, 1.25), _failed('it said, "no"')]
    records = list(csv.DictReader(io.StringIO(results.to_csv(rows))))
    for record, row in zip(records, json.loads(results.to_json(_results(*rows)))["rows"], strict=True):
        for name, value in row.items():
            if isinstance(value, list):
                assert [float(part) for part in record[name].split()] == value
            else:
                assert record[name] == ("" if value is None else str(value))


def test_results_come_back(tmp_path: Path) -> None:
    """What was written is what is loaded."""
    path = tmp_path / "bench.json"
    made = _results(_row(1.0, 1.0), _failed())
    path.write_text(results.to_json(made))
    assert results.load_results(path) == made


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in _results(_row(1.0, 1.0)).items() if key != name}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps(_results(schema_version=2)), "results of schema version 2, this release reads 1"),
        (json.dumps(_without("schema_version")), "results of schema version None"),
        (json.dumps(_without("kind")), "not a results file of edge bench; make one"),
        (json.dumps([1]), "not a results file of edge bench; make one"),
        ("", "not JSON"),
        ("\0\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (json.dumps(_without("rows")), "the results are damaged"),
        (json.dumps(_without("noise")), "the results are damaged"),
        (json.dumps(_results(rows=[3])), "the results are damaged"),
        (json.dumps(_results(rows=[{"model": "m"}])), "the results are damaged"),
        (json.dumps(_results({**_row(1.0, 1.0), "p50_ms": None}, noise={})), "the results are damaged"),
    ],
)
def test_files_that_are_no_results(content: str, words: str, tmp_path: Path) -> None:
    """Another schema version, another file and a damaged file are one line each that names the file."""
    path = tmp_path / "bench.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(DataError, match=words) as caught:
        results.load_results(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_results_that_are_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are one line too."""
    for path in (tmp_path / "gone.json", tmp_path):
        with pytest.raises(DataError, match="cannot read the results"):
            results.load_results(path)
