"""Which runtime runs a model, and the errors of a runtime that does not load."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import types
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, ModelError, UsageError
from edge.inference import interpreter as module
from edge.inference.interpreter import (
    PACKAGES,
    RUNTIMES,
    ImageInterpreter,
    choose_runtime,
    installed_runtimes,
)
from edge.modelfile.model_file import ModelFile
from support import surgery


def test_litert_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument decides, then the variable, then the order of RUNTIMES."""
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["litert", "tflite-runtime"])
    assert choose_runtime() == "litert"
    monkeypatch.setenv("EDGE_RUNTIME", "tflite-runtime")
    assert choose_runtime() == "tflite-runtime"
    assert choose_runtime("litert") == "litert"


@pytest.mark.parametrize("name", ["tensorflow", "LiteRT", " "])
def test_unknown_runtime(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name is a mistake in usage, whether given or in the variable."""
    with pytest.raises(UsageError, match="known are litert, tflite-runtime"):
        choose_runtime(name)
    monkeypatch.setenv("EDGE_RUNTIME", name)
    with pytest.raises(UsageError, match="unknown runtime"):
        choose_runtime()


def test_runtime_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install, for the one asked for or for any."""
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["tflite-runtime"])
    with pytest.raises(ConfigurationError, match="pip install ai-edge-litert"):
        choose_runtime("litert")
    monkeypatch.setattr(module, "installed_runtimes", list)
    with pytest.raises(ConfigurationError, match="pip install tflite-runtime"):
        choose_runtime("tflite-runtime")
    monkeypatch.setattr(sys, "maxsize", 2**63 - 1)
    with pytest.raises(ConfigurationError, match=r"no TFLite interpreter .* pip install 'edge-for-poets\[litert\]'"):
        choose_runtime()


@pytest.mark.parametrize(
    ("python", "remedy"), [((3, 11, 2), "pip install tflite-runtime"), ((3, 13, 5), "set EDGE_TFLITE_LIBRARY to a")]
)
def test_no_interpreter_with_32_bits(monkeypatch: pytest.MonkeyPatch, python: tuple[int, ...], remedy: str) -> None:
    """LiteRT has no wheel for 32 bits, and tflite-runtime none for Python 3.12 and newer."""
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    monkeypatch.setattr(sys, "version_info", python)
    assert module.missing_fix().startswith(remedy)


def _fake_runtime(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    fake = types.ModuleType("fake_runtime")
    fake.Interpreter = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fake_runtime", fake)
    monkeypatch.setitem(RUNTIMES, "tflite-runtime", "fake_runtime")
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["tflite-runtime"])


def test_tflite_runtime_beside_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """tflite-runtime imports beside numpy 2 and fails later, with a SystemError: the message names the fix."""
    _fake_runtime(monkeypatch, SystemError("CreateWrapperFromBuffer returned a result with an exception set"))
    with pytest.raises(ConfigurationError, match=r"tflite-runtime is installed but does not load .*'numpy<2'"):
        ImageInterpreter(ModelFile.from_bytes(surgery.tiny("int8")))


def test_runtime_that_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime whose import fails is a ConfigurationError with the reason."""
    monkeypatch.setitem(RUNTIMES, "litert", "module_that_is_not_there")
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["litert"])
    with pytest.raises(
        ConfigurationError, match=r"does not load \(No module named .*\): pip install -U ai-edge-litert"
    ):
        ImageInterpreter(ModelFile.from_bytes(surgery.tiny("int8")))


def test_many_lines_of_a_runtime_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of the runtime is put on one line."""
    _fake_runtime(monkeypatch, RuntimeError("Node 3\n  failed to prepare.\n"))
    with pytest.raises(ModelError, match=r"^tflite-runtime cannot run this model \(Node 3 failed to prepare\.\)$"):
        ImageInterpreter(ModelFile.from_bytes(surgery.tiny("int8")))


def test_a_file_for_an_edge_tpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the runtime says of the operator that it does not have becomes what to do."""
    _fake_runtime(monkeypatch, ValueError("Encountered unresolved custom op: edgetpu-custom-op. Node number 0"))
    with pytest.raises(ModelError, match=r"for an Edge TPU: give --delegate libedgetpu\.so\.1 if one is "):
        ImageInterpreter(ModelFile.from_bytes(surgery.tiny("int8")))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_each_runtime_in_a_process_of_its_own(runtime: str, edge_command, any_model: Path) -> None:
    """Each runtime that is installed passes the self-test of both models and writes nothing else."""
    if runtime not in installed_runtimes():
        pytest.skip(f"{runtime} is not installed in this environment")
    done = edge_command("inspect", "--json", str(any_model), env={**os.environ, "EDGE_RUNTIME": runtime})
    facts = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (facts["runtime"], facts["self_test"]["passed"]) == (runtime, True)


def test_installed_runtimes_are_those_of_the_environment() -> None:
    """The list follows the order of preference and names only what can be imported."""
    assert installed_runtimes() == [
        name for name in PACKAGES if importlib.util.find_spec(RUNTIMES[name].split(".")[0]) is not None
    ]
    assert installed_runtimes(), "the tests need an interpreter"
