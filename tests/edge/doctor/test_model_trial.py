"""A model that is tried in a process of its own, because the interpreter may crash."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge.doctor import model_trial
from edge.doctor.model_trial import ModelTrial, try_model
from edge.inference.interpreter import installed_runtimes


def test_a_good_model(int8_model: Path) -> None:
    """The runtime that ran it, and that it carries a self-test."""
    trial = try_model(int8_model, None, None, 1)
    assert trial == ModelTrial(runtime=installed_runtimes()[0], self_test=True, quantization="int8")


def test_a_model_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names the file as it was given."""
    monkeypatch.chdir(tmp_path)
    Path("bad.tflite").write_bytes(b"bad")
    trial = try_model(Path("bad.tflite"), None, None, 1)
    assert trial == ModelTrial(refused="bad.tflite: the model file has only 3 bytes; copy it again")


def test_a_crash_ends_only_the_child(int8_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal of the child is the answer."""
    monkeypatch.setattr(model_trial, "COMMAND", (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"))
    assert try_model(int8_model, None, None, 1) == ModelTrial(crashed="the process crashed (SIGSEGV)")
