"""The line on a terminal that says how far a benchmark is."""

from __future__ import annotations

import re

import pytest

from edge.bench.progress import Progress, duration


class _Stream:
    def __init__(self, terminal: bool) -> None:
        self.text = ""
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def _show_progress(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    clock = iter([0.0, 10.0, 30.0])
    monkeypatch.setattr("edge.bench.progress.time.monotonic", lambda: next(clock))
    monkeypatch.setenv("COLUMNS", "40")
    stream = _Stream(terminal)
    with Progress(stream, 8) as progress:  # type: ignore[arg-type]
        for name in ("first", "second", "a-third-model-with-a-long-name.tflite"):
            progress.show(name)
            progress.advance()
            progress.advance(measured=False)
    return re.split(re.escape("\r\033[K"), stream.text)[1:]


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, written over: percent, count, the time left, what is measured; cut to the width, cleared at the end."""
    assert _show_progress(True, monkeypatch) == [
        "  0 %  0 of 8: first",
        " 25 %  2 of 8, 1 min 00 s left: second",
        " 50 %  4 of 8, 1 min 00 s left: a-third",
        "",
    ]


def test_progress_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or a file gets nothing."""
    assert _show_progress(False, monkeypatch) == []


def test_durations() -> None:
    """Seconds, minutes and hours as people say them."""
    assert [duration(s) for s in (0.4, 59.4, 59.6, 3599, 7620)] == [
        "0 s",
        "59 s",
        "1 min 00 s",
        "59 min 59 s",
        "2 h 07 min",
    ]
