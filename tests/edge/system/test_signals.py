"""How a child process ended, on systems with signals and on Windows."""

from __future__ import annotations

import signal

import pytest

from edge.system.signals import crash_name, known_signals


@pytest.mark.parametrize(
    ("code", "name"),
    [(0, None), (1, None), (255, None), (-9, "SIGKILL"), (-250, "signal 250"), (0xC0000005, "exception 0xC0000005")],
)
def test_crash_name(code: int, name: str | None) -> None:
    """Windows gives the number of the exception as the exit code."""
    assert crash_name(code) == name


def test_signals_that_are_not_there_are_left_out() -> None:
    """Windows has no SIGHUP."""
    assert known_signals("SIGINT", "SIGNONE", "SIGTERM") == (signal.SIGINT, signal.SIGTERM)
