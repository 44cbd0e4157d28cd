"""Why an interpreter does not run a model, in one line, whatever it raises."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edge.errors import ModelError
from edge.inference import interpreter
from edge.inference.interpreter import open_interpreter
from edge.inference.refusals import reason_of


def test_reasons() -> None:
    """LiteRT raises an error without a word if memory runs out, tflite-runtime one of Python."""
    memory = "it needs more memory than there is"
    assert reason_of(MemoryError("std::bad_alloc")) == reason_of(RuntimeError("")) == memory
    assert reason_of(ValueError("one\n two ")) == "one two"


def test_memory_that_runs_out_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the model's fault, as are the other errors of an interpreter."""

    def run_out(**given: Any) -> None:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(interpreter, "_import_runtime", lambda name: SimpleNamespace(Interpreter=run_out))
    with pytest.raises(ModelError, match=r"^litert cannot run this model \(it needs more memory than there is\)$"):
        open_interpreter(b"", 1, "litert")
