"""Self-tests in a process of their own: what happens to models that harm it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge.errors import ConfigurationError, ModelError, UnavailableError
from edge.modelfile.model_file import ModelFile
from edge.store import isolated_self_test
from edge.store.isolated_self_test import self_test_in_child
from support.paths import DATA

_LARGE_MODEL = """
from edge.store import self_test_process
self_test_process.run = lambda path: bytes(1 << 30)
self_test_process.main()
"""
_WITHOUT_INTERPRETER = """
from edge.inference import interpreter
interpreter.installed_runtimes = list
from edge.store.self_test_process import main
main()
"""


def test_a_good_model_passes(any_model: Path) -> None:
    """The answer names the interpreter and the difference."""
    answer = self_test_in_child(any_model)
    assert set(answer) == {"runtime", "largest_difference", "tolerance"}
    assert answer["largest_difference"] <= answer["tolerance"]


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
        self_test_in_child(path, processor_limit_s=limit_s)


@pytest.mark.parametrize("name", ["tiny-int8", "crashing", "hanging"])
def test_no_answer_in_time_is_no_refusal(name: str) -> None:
    """On a machine that is too busy no model is refused, good or bad: the message says to try again."""
    with pytest.raises(UnavailableError, match=r"could not be checked \(gave no answer within 0.001 s"):
        self_test_in_child(DATA / f"{name}.tflite", time_limit_s=0.001)


def test_an_interpreter_that_does_not_load_is_no_refusal(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is not the cause, and the message says what to install."""
    monkeypatch.setattr(isolated_self_test, "COMMAND", (sys.executable, "-c", _WITHOUT_INTERPRETER))
    with pytest.raises(ConfigurationError, match="the model could not be checked: no TFLite interpreter is installed"):
        self_test_in_child(any_model)


def test_a_model_that_takes_too_much_memory(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for the whole process; a model that reaches it is refused."""
    monkeypatch.setattr(isolated_self_test, "_MEMORY_BYTES", 300 << 20)
    monkeypatch.setattr(isolated_self_test, "COMMAND", (sys.executable, "-c", _LARGE_MODEL))
    with pytest.raises(ModelError, match=r"refused by its self-test: the model needs more than 30\d MB of memory"):
        self_test_in_child(any_model)
