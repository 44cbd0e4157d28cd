"""Systems that hide their processor, where both interpreters crash."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import pytest

from edge.inference.interpreter import installed_runtimes
from edge.inference.processor import NO_PROCESSOR, PROCESSOR_FIX
from support.colours import fill
from support.mounts import in_own_mounts

_HIDE = "mount -t tmpfs none /sys && mount --bind /dev/null /proc/cpuinfo"
_CLASSIFIER = """
import sys
from edge import Classifier
from edge.errors import ConfigurationError
try:
    Classifier.load("tiny.tflite", runtime=sys.argv[1])
except ConfigurationError as error:
    print("edge:", error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
_COMMANDS = {
    "watch": ["-m", "edge", "watch", ".", "--model", "tiny.tflite", "--runtime"],
    "label": ["-m", "edge", "label", "red.png", "--model", "tiny.tflite", "--runtime"],
    "label-many": ["-m", "edge", "label", ".", "--model", "tiny.tflite", "--runtime"],
    "inspect": ["-m", "edge", "inspect", "tiny.tflite", "--runtime"],
    "bench": ["-m", "edge", "bench", "tiny.tflite", "--runtime"],
    "python": ["-c", _CLASSIFIER],
}


@pytest.fixture
def folder(tmp_path: Path, int8_model: Path) -> Path:
    """A folder with a model and a photo."""
    shutil.copy(int8_model, tmp_path / "tiny.tflite")
    fill(tmp_path, "red.png")
    return tmp_path


def _run(words: list[str], folder: Path) -> tuple[int, str, str]:
    done = in_own_mounts(f"{_HIDE} && exec {shlex.join([sys.executable, *words])}", folder)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_every_command_refuses_a_hidden_processor(runtime: str, command: str, folder: Path) -> None:
    """With /sys and /proc/cpuinfo hidden each command ends with one line and exit code 78, not by a signal."""
    if runtime not in installed_runtimes():
        pytest.skip(f"needs {runtime}")
    line = f"edge: {NO_PROCESSOR}; {PROCESSOR_FIX}\n"
    assert _run([*_COMMANDS[command], runtime], folder) == (78, "", line)


def test_doctor_names_a_hidden_processor(folder: Path) -> None:
    """Its line of the processor says what to do, and the model is not tried."""
    code, out, err = _run(["-m", "edge", "doctor", "--model", "tiny.tflite"], folder)
    assert (code, err) == (78, "")
    assert f"problem  processor    {NO_PROCESSOR}\n" in out
    assert "problem  model        not tried, because an interpreter would crash\n" in out


def test_the_store_refuses_a_hidden_processor(folder: Path) -> None:
    """The model is not refused (65): this machine cannot check it."""
    code, out, err = _run(["-m", "edge", "store", "--root", "store", "install", "tiny.tflite"], folder)
    assert (code, out) == (78, "")
    assert err.endswith(f": the model could not be checked: {NO_PROCESSOR}; {PROCESSOR_FIX}\n")
