"""Checks in a process of their own: what happens to models that harm it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, ModelError, UnavailableError
from edge.modelfile.model_file import ModelFile
from edge.store import isolated_check
from edge.store.isolated_check import check_in_child
from support.paths import DATA

_LARGE_MODEL = """
from edge.store import check_process
check_process.run = lambda path: bytes(1 << 30)
check_process.main()
"""
_WITHOUT_INTERPRETER = """
from edge.inference import interpreter
interpreter.installed_runtimes = list
from edge.store.check_process import main
main()
"""


def test_a_good_model_passes(any_model: Path) -> None:
    """The answer has the sha256 of the bytes that were checked, what is written of the model, and the difference."""
    checked = check_in_child(any_model)
    assert checked.sha256 == hashlib.sha256(any_model.read_bytes()).hexdigest()
    assert (checked.facts["size_bytes"], checked.facts["labels"]) == (any_model.stat().st_size, 3)
    assert (checked.facts["architecture"], checked.messages) == ("mobilenet_0.25_128", [])
    assert set(checked.self_test) == {"runtime", "largest_difference", "tolerance"}
    assert checked.self_test["largest_difference"] <= checked.self_test["tolerance"]


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    """The structure is checked in the child too, and its fault is the message."""
    path = tmp_path / "text.tflite"
    path.write_bytes(b"no model\n" * 100)
    with pytest.raises(ModelError, match=r"^not a TFLite model \(no TFL3 identifier\)"):
        check_in_child(path)


def test_a_model_for_another_runtime(model: Callable[..., Path]) -> None:
    """A model whose kernels the interpreter does not have is refused before it is loaded."""
    with pytest.raises(ModelError, match=r"^the model needs TensorFlow Lite 99\.0"):
        check_in_child(model(minimum_runtime="99.0"))


@pytest.mark.parametrize(
    ("name", "limit_s", "reason"),
    [
        ("crashing", 60, r"the process crashed \(SIGSEGV\)"),
        ("hanging", 2, "needs more processor time than it may take"),
    ],
)
def test_a_harmful_model_is_refused(name: str, limit_s: float, reason: str) -> None:
    """A crash and an endless loop pass every check of the file and end here, in one line."""
    path = DATA / f"{name}.tflite"
    ModelFile.load(path)
    with pytest.raises(ModelError, match=reason):
        check_in_child(path, processor_limit_s=limit_s)


@pytest.mark.parametrize("name", ["tiny-int8", "crashing", "hanging"])
def test_no_answer_in_time_is_no_refusal(name: str) -> None:
    """On a machine that is too busy no model is refused, good or bad: the message says to try again."""
    with pytest.raises(UnavailableError, match=r"could not be checked \(gave no answer within 0.001 s"):
        check_in_child(DATA / f"{name}.tflite", time_limit_s=0.001)


def test_an_interpreter_that_does_not_load_is_no_refusal(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is not the cause, and the message says what to install."""
    monkeypatch.setattr(isolated_check, "COMMAND", (sys.executable, "-c", _WITHOUT_INTERPRETER))
    with pytest.raises(ConfigurationError, match="the model could not be checked: no TFLite interpreter is installed"):
        check_in_child(any_model)


def test_a_model_that_takes_too_much_memory(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for the whole process; a model that reaches it is refused."""
    monkeypatch.setattr(isolated_check, "_MEMORY_BYTES", 300 << 20)
    monkeypatch.setattr(isolated_check, "COMMAND", (sys.executable, "-c", _LARGE_MODEL))
    with pytest.raises(ModelError, match=r"refused by its check: the model needs more than 30\d MB of memory"):
        check_in_child(any_model)


def test_a_lower_limit_from_outside_is_no_refusal(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a shell allows less memory than a check may take, the check works; if it is too little, no model is bad."""
    lower = "import resource; resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))"
    good = f"{lower}; from edge.store.check_process import main; main()"
    monkeypatch.setattr(isolated_check, "COMMAND", (sys.executable, "-c", good))
    assert check_in_child(any_model).facts["labels"] == 3
    monkeypatch.setattr(isolated_check, "COMMAND", (sys.executable, "-c", lower + _LARGE_MODEL))
    with pytest.raises(UnavailableError, match=r"could not be checked \(the process ended with code 1.*MemoryError"):
        check_in_child(any_model)
