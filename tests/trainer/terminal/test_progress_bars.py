"""Progress bars: for people at a terminal, silence elsewhere."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from support.paths import PACKAGES
from trainer.terminal.progress_bars import TerminalProgress

SCRIPT = """
from trainer.terminal.progress_bars import TerminalProgress
progress = TerminalProgress()
with progress.stage("bottlenecks int8", 3) as advance:
    for _ in range(3):
        advance(1)
with progress.stage("head"):
    pass
progress.message("done")
"""


def on_a_terminal() -> str:
    """What a person sees on stderr while the stages run."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "PYTHONPATH": str(PACKAGES)},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert child.wait() == 0
    return seen.decode()


def test_terminal_shows_a_bar_for_each_stage() -> None:
    """Each stage is named, and one with a total ends with all of it counted."""
    seen = on_a_terminal()
    assert "bottlenecks int8" in seen
    assert "3/3" in seen
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", seen)
    assert re.search(r"3/3 +[\d,.]+/s +\d:\d\d:\d\d", plain)  # how many a second, and in how long the rest
    assert "head" in seen
    assert "trainer: done" in seen


@pytest.mark.parametrize("forced", ["", "1"])
def test_pipe_shows_nothing(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, forced: str) -> None:
    """Where stderr is no terminal there are no bars, whatever shall have colours, and advancing is harmless."""
    monkeypatch.setenv("FORCE_COLOR", forced)
    with TerminalProgress().stage("bottlenecks", 2) as advance:
        advance(1)
    assert capfd.readouterr() == ("", "")


def test_talk_is_printed_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """File names that look like markup or emoji codes, and long lines, arrive unchanged on stderr."""
    line = "skipped [bold]/:rose:.jpg: " + "long " * 60
    TerminalProgress().message(line)
    assert capfd.readouterr() == ("", f"trainer: {line}\n")
