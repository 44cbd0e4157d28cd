"""The load itself, with real processes of a second."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from edge.bench import soak as module
from edge.bench.photo import draw_photo
from edge.bench.progress import Progress
from edge.bench.soak import soak, windows_of
from edge.bench.soak_worker import SoakRequest
from edge.inference.interpreter import installed_runtimes
from support import surgery


@pytest.fixture
def request_(tmp_path: Path) -> SoakRequest:
    """0.3 s of the tiny model in windows of 0.1 s."""
    (tmp_path / "model.tflite").write_bytes(surgery.tiny())
    (tmp_path / "photo").write_bytes(draw_photo())
    model, photo = str(tmp_path / "model.tflite"), str(tmp_path / "photo")
    return SoakRequest(model, installed_runtimes()[0], 1, 0.3, 0.1, photo)


def test_windows_come_with_the_state_of_the_board(request_: SoakRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its times, temperature and the power that was asked for meanwhile; a summary follows."""
    monkeypatch.setattr(module, "board_power_w", lambda: 4.0)
    found = soak(request_, "tiny.tflite", Progress(io.StringIO(), 3))
    assert (found["model"], found["error"], found["threads"]) == ("tiny.tflite", None, 1)
    assert found["rest_s"] == pytest.approx(0.03)
    assert 1 <= len(found["windows"]) <= 4
    assert found["windows"][-1]["seconds"] >= 0.3
    for window in found["windows"]:
        assert window["power_w"] == 4.0 and window["runs"] >= 1 and window["p50_ms"] <= window["p90_ms"]
        assert {"temperature_c", "frequency_mhz", "throttled"} <= set(window)
    assert found["energy"]["power_w"] == found["energy"]["idle_w"] == 4.0
    assert found["energy"]["joules_above_idle"] == 0.0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os; os.kill(os.getpid(), 9)", "the process ended with code -9"),
        ('print(\'{"error": "no memory"}\')', "no memory"),
        ("print('no JSON')", "the process answered something else"),
        ("pass", "the process ended before its first window"),
    ],
)
def test_a_process_that_fails(code: str, error: str, request_: SoakRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reason stands in the results, and nothing is raised."""
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", code))
    assert soak(request_, "tiny.tflite", Progress(io.StringIO(), 1))["error"] == error


def test_a_process_that_hangs(request_: SoakRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended if its window comes too late."""
    monkeypatch.setattr(module, "_LATEST_S", 0.1)
    monkeypatch.setattr(module, "_SAMPLE_EVERY_S", 0.02)
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    assert "gave no answer within 0.2 s" in soak(request_, "tiny.tflite", Progress(io.StringIO(), 1))["error"]


def test_a_model_that_cannot_run(request_: SoakRequest, tmp_path: Path) -> None:
    """A real process says what is wrong with its file."""
    Path(request_.path).write_bytes(b"no model at all" * 10)
    assert "not a TFLite model" in soak(request_, "tiny.tflite", Progress(io.StringIO(), 1))["error"]


def test_number_of_windows() -> None:
    """The last one may be shorter."""
    assert [windows_of(seconds) for seconds in (0.1, 10, 11, 600)] == [1, 1, 2, 60]
