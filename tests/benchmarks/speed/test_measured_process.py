"""A measured command of the trainer: its time and memory, and its failure."""

from __future__ import annotations

import pytest

from benchmarks.speed.measured_process import run_trainer


def test_time_and_memory_are_those_of_the_command() -> None:
    """An interpreter that has loaded the trainer needs some seconds at most and holds more than 20 MB."""
    usage = run_trainer("architectures")
    assert usage.seconds > 0
    assert usage.processor_seconds > 0.05
    assert 20e6 < usage.peak_memory_bytes < 2e9


def test_a_command_that_fails_is_named() -> None:
    """A failure is no measurement."""
    with pytest.raises(RuntimeError, match=r"trainer architectures ended with 2"):
        run_trainer("architectures", "--no-such-option")
