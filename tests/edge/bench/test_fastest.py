"""Which quantization a benchmark names, on rows that no clock measured."""

from __future__ import annotations

from typing import Any

from edge.bench.fastest import fastest_lines, fastest_quantizations
from edge.bench.table import format_table

SMALL, LARGE = "mobilenet_0.25_128", "mobilenet_1.0_224"


def _row(quantization: str | None, p50_ms: float | None, **changes: Any) -> dict[str, Any]:
    row = {
        **{"model": f"{quantization}.tflite", "size_bytes": 1000, "architecture": SMALL, "quantization": quantization},
        **{"accuracy": None, "accuracy_photos": 0, "runtime": "litert", "threads": 1, "error": None, "p50_ms": p50_ms},
        "sha256": "00",
        "delegate": None,
        **dict.fromkeys(("p90_ms", "p99_ms", "end_to_end_ms", "load_ms", "first_ms"), p50_ms),
        "peak_memory_bytes": None,
    }
    return {**row, **changes}


def _lines(*rows: dict[str, Any], resolution: float = 0.05) -> list[str]:
    return list(fastest_lines({"rows": rows, "noise": {"resolution": resolution}}))


def _evaluated(int8: float, float32: float, **changes: Any) -> list[dict[str, Any]]:
    photos = {"accuracy_photos": 142, **changes}
    return [_row("int8", 1.0, accuracy=int8, **photos), _row("float32", 2.0, accuracy=float32, **photos)]


def test_each_runtime_has_its_own() -> None:
    """int8 on one interpreter and float32 on the other, each with its factor and with numbers for a script."""
    old = {"runtime": "tflite-runtime"}
    rows = [_row("int8", 1.0), _row("float32", 2.8), _row("int8", 15.0, **old), _row("float32", 3.0, **old)]
    assert _lines(*rows) == [
        "litert: take int8: 2.8 times as fast as float32",
        "tflite-runtime: take float32: 5.0 times as fast as int8",
    ]
    one, other = fastest_quantizations(rows, 0.05)
    facts = {"architecture": SMALL, "threads": 1}
    assert one == {**facts, "runtime": "litert", "fastest": ["int8"], "times_as_long": {"float32": 2.8}}
    assert other == {**facts, "runtime": "tflite-runtime", "fastest": ["float32"], "times_as_long": {"int8": 5.0}}


def test_one_quantization_says_nothing() -> None:
    """Nothing is compared with a single quantization, with another architecture, or with what was not measured."""
    assert _lines(_row("int8", 1.0), _row("int8", 2.0, model="other.tflite")) == []
    assert _lines(_row("int8", 1.0), _row("float32", 2.0, architecture=LARGE)) == []
    assert _lines(_row("int8", 1.0), _row("float32", None, error="the process crashed (SIGSEGV)")) == []
    assert _lines(_row("int8", 1.0), _row("float32", 2.0, threads=2)) == []
    assert _lines(_row("int8", 1.0), _row("float32", 2.0, delegate="libx.so")) == []


def test_models_of_other_projects_are_not_compared() -> None:
    """Two of them may be different networks, whether they say nothing or were adopted."""
    assert _lines(_row("int8", 1.0, architecture="adopted"), _row("float32", 2.0, architecture="adopted")) == []
    assert _lines(_row(None, 1.0, architecture=None), _row(None, 2.0, architecture=None)) == []


def test_what_the_noise_hides_is_said() -> None:
    """Below the resolution of the machine no quantization is named as the one to take."""
    rows = _row("int8", 1.0), _row("float32", 1.2)
    assert _lines(*rows, resolution=0.3) == ["litert: int8 and float32 are about the same within the noise"]
    assert fastest_quantizations(rows, 0.3)[0]["fastest"] == ["int8", "float32"]


def test_many_architectures_share_a_line() -> None:
    """The factors of all architectures and threads are one range; an exception among them is named."""
    rows = [
        _row(name, time / threads, architecture=architecture, threads=threads)
        for threads in (1, 2)
        for architecture, int8, float32 in ((SMALL, 1.0, 1.3), (LARGE, 4.0, 11.6))
        for name, time in (("int8", int8), ("float32", float32))
    ]
    assert _lines(*rows) == ["litert: take int8: 1.3 to 2.9 times as fast as float32"]
    rows[1] = {**rows[1], "p50_ms": 1.01}
    assert _lines(*rows) == [
        "litert (3 of 4 comparisons): take int8: 1.3 to 2.9 times as fast as float32",
        f"litert ({SMALL}, 1 thread): int8 and float32 are about the same within the noise",
    ]


def test_of_several_files_the_fastest_counts() -> None:
    """Two int8 files of one architecture are one quantization."""
    rows = _row("int8", 1.4, model="other.tflite"), _row("int8", 1.0), _row("float32", 2.0)
    assert _lines(*rows) == ["litert: take int8: 2.0 times as fast as float32"]


def test_the_accuracies_stand_beside() -> None:
    """Both accuracies are named; of several architectures their means."""
    assert _lines(*_evaluated(0.866, 0.874))[-1] == "test accuracy: float32 87.4 %, int8 86.6 % of 142 photos"
    both = [*_evaluated(0.866, 0.874), *_evaluated(0.886, 0.884, architecture=LARGE)]
    assert _lines(*both)[-1] == "test accuracy, mean of 2 architectures: float32 87.9 %, int8 87.6 % of 142 photos"


def test_accuracies_that_cannot_be_compared_are_not_named() -> None:
    """No line if one of the files was not evaluated, on other photos, or if there are two accuracies of one."""
    int8, float32 = _evaluated(0.866, 0.874)
    for rows in (
        [int8, {**float32, "accuracy": None, "accuracy_photos": 0}],
        [int8, {**float32, "accuracy_photos": 90}],
        [int8, float32, {**int8, "accuracy": 0.5}],
    ):
        assert _lines(*rows) == ["litert: take int8: 2.0 times as fast as float32"]


def test_the_table_ends_with_it() -> None:
    """``edge bench`` prints the sentences below the noise."""
    state = {"throttled": None}
    noise = {"spread": 0.01, "resolution": 0.015, "too_noisy": False}
    results = {"rows": _evaluated(0.866, 0.874), "noise": noise, "state_before": state, "state_after": state}
    assert format_table(results).splitlines()[-3:] == [
        "noise: the rounds of one row differ by 1.0 %, so a p50 difference below 1.5 % may be chance",
        "litert: take int8: 2.0 times as fast as float32",
        "test accuracy: float32 87.4 %, int8 86.6 % of 142 photos",
    ]
