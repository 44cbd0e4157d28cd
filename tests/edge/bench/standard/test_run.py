"""``edge bench --standard`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.bench.reference_table import reference_path
from edge.bench.results import load_results
from edge.bench.standard import points
from edge.bench.standard.points import POINTS
from edge.cli import main
from support.bench_fake import RUNTIME, fake_workers

FEW = tuple(point for point in POINTS if point.alpha == 0.25 and point.input_size == 128) + POINTS[:1]
STANDARD = ["bench", "--standard", "--soak-minutes", "0.005", "--rounds", "2", "--runtime", RUNTIME]


def test_files_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The results, with the curve under load, and pycoral's table beside them; real files, one real load."""
    asked = fake_workers(monkeypatch)
    monkeypatch.setattr(points, "POINTS", FEW)
    monkeypatch.setattr("edge.bench.plan.available_cores", lambda: 2)
    monkeypatch.chdir(tmp_path)
    assert main([*STANDARD, "--output", "board.json"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "under load for 0.00" in out
    results = load_results("board.json")
    assert [row["model"] for row in results["rows"]] == [*(point.name for point in FEW)] * 2
    assert results["rows"][0]["sha256"] == FEW[0].digest.sha256
    assert {row["architecture"] for row in results["rows"]} == {"mobilenet_0.25_128", "mobilenet_1.0_224"}
    assert results["standard"] == {"version": 1, "soak_s": pytest.approx(0.3)}
    soak: dict[str, Any] = results["soak"]
    assert (soak["model"], soak["runtime"], soak["threads"]) == (POINTS[0].name, RUNTIME, 2)
    assert soak["error"] is None and soak["begin_ms"] > 0
    assert results["command"].startswith("edge bench --standard --soak-minutes 0.005 --runtime ")
    assert Path("board-reference.csv").read_text().splitlines() == [
        "MODEL INFERENCE_TIME",
        *(f"{point.name} 1.0" for point in FEW),
    ]
    assert len(asked) == 2 * 2 * len(FEW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board-reference.csv", "board.json"]


def test_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file, stdout has the whole results."""
    fake_workers(monkeypatch)
    monkeypatch.setattr(points, "POINTS", FEW[-1:])
    assert main([*STANDARD, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["soak"]["error"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bench", "m.tflite", "--standard"], "--standard measures a fixed set of files: leave out the models"),
        (["bench", "--standard", "--threads", "1"], "--standard measures in a fixed way: leave out --threads"),
        (["bench", "--standard", "--input-range", "0,1"], "in a fixed way: leave out --input-range"),
        (["bench", "--standard", "--soak-minutes", "0"], "0 minutes: give more than 0 and at most 1440"),
        (["bench", "--standard", "--soak-minutes", "nan"], "nan minutes: give more than 0"),
        (["bench", "m.tflite", "--soak-minutes", "10"], "--soak-minutes is for the fixed set; give --standard too"),
        (["bench", "--standard", "--output", "b.json", "--csv", "b-reference.csv"], "choose another --csv"),
    ],
)
def test_what_does_not_go_together(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_where_the_table_lies() -> None:
    """Beside the results, with a name of its own."""
    assert reference_path("out/pi-5.json") == Path("out/pi-5-reference.csv")


def test_the_table_is_tried_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A place where it cannot be written is refused before anything is measured."""
    (tmp_path / "board-reference.csv").mkdir()
    assert main([*STANDARD, "--output", str(tmp_path / "board.json")]) == 74
    assert "board-reference.csv: is a folder" in capsys.readouterr().err


def test_an_interrupted_load_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured before Ctrl-C is kept; the same command only runs the load."""
    asked = fake_workers(monkeypatch)
    monkeypatch.setattr(points, "POINTS", FEW[-1:])
    monkeypatch.chdir(tmp_path)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("edge.bench.standard.run.soak", interrupted)
        assert main([*STANDARD, "--output", "board.json"]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["board.json.part"]
    measured = len(asked)
    assert main([*STANDARD, "--output", "board.json"]) == 0
    assert len(asked) == measured > 0
    assert load_results("board.json")["soak"]["error"] is None
