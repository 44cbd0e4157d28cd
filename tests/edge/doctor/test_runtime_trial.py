"""The interpreters compared with a model, in processes of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from edge.bench.ranking import Ranking
from edge.bench.worker import MeasurementRequest
from edge.doctor import runtime_trial
from edge.doctor.runtime_trial import ROUNDS, compare_runtimes
from edge.inference.interpreter import installed_runtimes

NAMES = ["litert", "tflite-runtime"]


def _answers(times_ms: dict[str, float], asked: list[str]) -> runtime_trial.Measure:
    def measure(request: MeasurementRequest) -> dict[str, Any]:
        asked.append(request.runtime)
        return {"samples_ns": [round(1e6 * times_ms[request.runtime])] * 3}

    return measure


def test_they_are_measured_in_turn(int8_model: Path) -> None:
    """Every second round runs backwards, so that none is always the first."""
    asked: list[str] = []
    found = compare_runtimes(int8_model, None, NAMES, 1, {}, _answers({"litert": 2.0, "tflite-runtime": 8.0}, asked))
    assert asked == ["litert", "tflite-runtime", "tflite-runtime", "litert", "litert", "tflite-runtime"]
    assert len(asked) == ROUNDS * len(NAMES)
    assert found is not None
    assert found.median_ms == {"litert": 2.0, "tflite-runtime": 8.0}
    assert found.ranking == Ranking(("litert",), {"tflite-runtime": 4.0})


def test_one_that_fails_ends_it(int8_model: Path, tmp_path: Path) -> None:
    """If an interpreter does not run the model, nothing is compared and no other process is started."""
    asked: list[str] = []

    def measure(request: MeasurementRequest) -> dict[str, Any]:
        asked.append(request.runtime)
        return {"error": "the process crashed (SIGSEGV)"}

    assert compare_runtimes(int8_model, None, NAMES, 1, {}, measure) is None
    assert asked == ["litert"]
    assert compare_runtimes(tmp_path / "gone.tflite", None, NAMES, 1, {}, measure) is None
    assert asked == ["litert"]


def test_no_room_for_a_photo(int8_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full or read-only disk nothing is compared, and the other checks are made: one of them is the disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert compare_runtimes(int8_model, None, NAMES, 1, {}, _answers({}, [])) is None


def test_real_interpreters(
    int8_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real processes with each interpreter that is installed; nothing is printed where no terminal is."""
    monkeypatch.setattr(runtime_trial, "_SECONDS", 0.01)
    monkeypatch.setattr(runtime_trial, "ROUNDS", 2)
    names = installed_runtimes()
    pixels = {"mean": None, "std": None, "input_range": None}
    found = compare_runtimes(int8_model, None, names, 1, pixels)
    assert found is not None
    assert list(found.median_ms) == names
    assert all(value > 0 for value in found.median_ms.values())
    assert {*found.ranking.fastest, *found.ranking.slower} == set(names)
    assert capsys.readouterr() == ("", "")
