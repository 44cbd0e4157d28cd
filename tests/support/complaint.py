"""The one line with which a command ends that was used wrongly."""

from __future__ import annotations

import subprocess


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line on stderr of a command that ended with ``code`` and printed no data."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("trainer: ")
    return done.stderr.removeprefix("trainer: ").strip()
