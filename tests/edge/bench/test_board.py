"""Facts about the machine, from files that may say anything or not be there."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

import pytest

from edge.bench import board


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files of a machine that has only those which a test puts here, and no vcgencmd."""
    files: dict[str, str] = {}
    monkeypatch.setattr(board, "_read", lambda path: files.get(str(path)))

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    return files


def test_facts_can_be_written_as_json() -> None:
    """Whatever machine this is, its facts are plain values with the names that results are published under."""
    facts = json.loads(json.dumps(board.describe_board()))
    assert set(facts) >= {"board", "machine", "cores", "memory_bytes", "governor", "system", "python", "versions"}
    assert facts["python"] == platform.python_version()
    assert facts["memory_bytes"] is None or facts["memory_bytes"] > 1 << 20
    assert {"numpy", "pillow"} <= set(facts["versions"])


def test_a_raspberry_pi(system: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Pi the device tree names the board, and frequency, temperature and throttling are in plain units."""
    system["/proc/device-tree/model"] = "Raspberry Pi 4 Model B Rev 1.4"
    system["/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"] = "1500000"
    system["/sys/class/thermal/thermal_zone0/temp"] = "48686"
    said = subprocess.CompletedProcess([], 0, stdout="throttled=0x50000\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: said)
    assert board.describe_board()["board"] == "Raspberry Pi 4 Model B Rev 1.4"
    state = board.board_state()
    assert (state["frequency_mhz"], state["temperature_c"], state["throttled"]) == (1500, 48.686, "0x50000")


@pytest.mark.parametrize(
    "said",
    ["", "VCHI initialization failed", 'error=1 error_msg="Command not registered"', "throttled=0x0\nA=1", "\\260"],
)
def test_a_command_that_says_something_else(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program called vcgencmd prints is no throttling unless it has its form; the last one is no text."""
    command = tmp_path / "vcgencmd"
    command.write_text(f"#!/bin/sh\nprintf '{said}'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert board.board_state()["throttled"] is None


def test_a_machine_without_facts(system: dict[str, str]) -> None:
    """What cannot be found out is None, and never an error."""
    state = board.board_state()
    assert (state["frequency_mhz"], state["temperature_c"], state["throttled"]) == (None, None, None)
    facts = board.describe_board()
    assert facts["governor"] is None
    assert facts["board"] == platform.processor() or platform.machine()


@pytest.mark.parametrize("text", ["unknown", "", "12.5"])
def test_files_that_say_something_else(text: str, system: dict[str, str]) -> None:
    """A file that does not hold the number it should holds no number."""
    system["/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"] = text
    system["/sys/class/thermal/thermal_zone0/temp"] = text
    state = board.board_state()
    assert (state["frequency_mhz"], state["temperature_c"]) == (None, None)


def test_model_name_of_a_computer(system: dict[str, str]) -> None:
    """Elsewhere the processor's name stands for the board."""
    system["/proc/cpuinfo"] = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"
    assert board.describe_board()["board"] == "Some CPU @ 2 GHz"


def test_reading_a_file(tmp_path: Path) -> None:
    """The device tree ends its strings with a zero byte; an empty or missing file is None."""
    (tmp_path / "model").write_bytes(b"Raspberry Pi 5\0")
    (tmp_path / "empty").touch()
    assert board._read(tmp_path / "model") == "Raspberry Pi 5"
    assert board._read(tmp_path / "empty") is None
    assert board._read(tmp_path / "gone") is None
