"""Self-tests in a process of their own: what happens to models that harm it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.modelfile.model_file import ModelFile
from edge.store import isolated_self_test
from edge.store.isolated_self_test import self_test_in_child
from support.paths import DATA


def test_a_good_model_passes(any_model: Path) -> None:
    """The answer names the interpreter and the difference."""
    answer = self_test_in_child(any_model)
    assert set(answer) == {"runtime", "largest_difference", "tolerance"}
    assert answer["largest_difference"] <= answer["tolerance"]


@pytest.mark.parametrize(
    ("name", "limit_s", "reason"),
    [("crashing", 60, r"the process crashed \(SIGSEGV\)"), ("hanging", 2, "gave no answer within 2 s and was stopped")],
)
def test_a_harmful_model_is_refused(name: str, limit_s: float, reason: str) -> None:
    """A crash and an endless loop pass every check of the file and end here, in one line."""
    path = DATA / f"{name}.tflite"
    ModelFile.load(path)
    with pytest.raises(ModelError, match=reason):
        self_test_in_child(path, time_limit_s=limit_s)


def test_a_model_that_takes_too_much_memory(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for the whole process; running out of it is an answer too."""
    monkeypatch.setattr(isolated_self_test, "_MEMORY_BYTES", 40 << 20)
    with pytest.raises(ModelError, match="refused by its self-test"):
        self_test_in_child(any_model)
