"""``edge bench`` with a delegate: measured with it and without, in one run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.bench.results import load_results
from edge.bench.with_delegate import WITHOUT, delegate_comparisons, delegate_lines
from edge.cli import main
from support.bench_fake import BENCH, RUNTIME
from support.delegates import FAVOURED, words

pytestmark = pytest.mark.usefixtures("in_a_folder_with_models")
QUIET = {"resolution": 0.05}


def row(**changes: Any) -> dict[str, Any]:
    """A row as far as a comparison needs it."""
    facts = {"model": "m.tflite", "sha256": "00", "runtime": "litert", "threads": 1, "delegate": None}
    return {**facts, "error": None, "p50_ms": 2.0, **changes}


def _rows(with_ms: float, without_ms: float = 2.0, **changes: Any) -> list[dict[str, Any]]:
    return [row(p50_ms=without_ms, **changes), row(p50_ms=with_ms, delegate="libx.so", **changes)]


@pytest.mark.parametrize(
    ("with_ms", "words"),
    [
        (1.0, "libx.so is 2.0 times as fast as no delegate"),
        (3.0, "no delegate is 1.5 times as fast as libx.so"),
        (2.05, "no delegate and libx.so are about the same within the noise"),
    ],
)
def test_what_it_brings(with_ms: float, words: str) -> None:
    """One sentence says which is faster, and nothing that the noise hides."""
    rows = _rows(with_ms)
    assert list(delegate_lines({"rows": rows, "noise": QUIET})) == [f"{rows[0]['model']}, litert, 1 thread: {words}"]


def test_only_pairs_are_compared() -> None:
    """Rows of other runtimes and threads, and those that failed, are no partners."""
    rows = [
        *_rows(1.0),
        row(threads=2),
        row(runtime="other", delegate="libx.so"),
        row(delegate="libx.so", error="it crashed", p50_ms=None),
    ]
    (found,) = delegate_comparisons(rows, 0.05)
    assert found == {
        "model": rows[0]["model"],
        "runtime": "litert",
        "threads": 1,
        "fastest": ["libx.so"],
        "times_as_long": {WITHOUT: 2.0},
    }


def test_one_run(delegate_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real workers: two rows of one model, and the delegate in table, settings and command, without its folder."""
    arguments = ["bench", "models/tiny-int8.tflite", *BENCH[2:], "--output", "bench.json"]
    assert main([*arguments, *words(delegate_library, **FAVOURED)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split()[:4] == ["model", "runtime", "delegate", "threads"]
    assert f"tiny-int8.tflite, {RUNTIME}, 1 thread: " in out
    assert str(delegate_library.parent) not in Path("bench.json").read_text()
    results = load_results("bench.json")
    delegate = "libtestdelegate.so favour=1"
    assert [row["delegate"] for row in results["rows"]] == [None, delegate]
    assert (results["settings"]["delegate"], len(results["delegates"])) == (delegate, 1)
    assert "--delegate libtestdelegate.so --delegate-option favour=1 " in results["command"]


def test_a_crash_is_one_row(delegate_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The row with the delegate says why it has no figures; the one without is measured."""
    arguments = ["bench", "models/tiny-int8.tflite", *BENCH[2:]]
    assert main([*arguments, *words(delegate_library, crash="model")]) == 0
    errors = [line for line in capsys.readouterr().out.splitlines() if "not measured" in line]
    assert errors == [
        f"tiny-int8.tflite ({RUNTIME} with libtestdelegate.so crash=model): not measured: the process crashed (SIGSEGV)"
    ]


def test_one_that_does_not_load_ends_it_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is measured with a library that is missing."""
    assert main([*BENCH, "--delegate", "./missing.so"]) == 78
    assert capsys.readouterr().out == ""


def test_files_of_releases_without_delegates(fake: list[Any]) -> None:
    """A file whose rows do not name a delegate is read as measured without one."""
    assert main([*BENCH, "--output", "bench.json"]) == 0
    record = json.loads(Path("bench.json").read_text())
    for found in record["rows"]:
        del found["delegate"]
    Path("bench.json").write_text(json.dumps(record))
    assert [found["delegate"] for found in load_results("bench.json")["rows"]] == [None, None]
