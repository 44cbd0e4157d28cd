"""Replacing files where a program may have them open."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from edge.system import file_changes
from edge.system.file_changes import is_closed_pipe, replace


def test_windows_is_asked_again_while_a_file_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virus scanner has the file for a moment: the second try succeeds."""
    refusals = [PermissionError(errno.EACCES, "in use")]
    rename = os.replace

    def refuse_first(source: Path, target: Path) -> None:
        if refusals:
            raise refusals.pop()
        rename(source, target)

    monkeypatch.setattr(file_changes.os, "replace", refuse_first)
    monkeypatch.setattr(file_changes, "_WAIT_S", 0)
    monkeypatch.setattr(sys, "platform", "win32")
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "new"


@pytest.mark.parametrize(("system", "tries"), [("win32", 20), ("linux", 1)])
def test_a_file_that_stays_open_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, tries: int
) -> None:
    """After some tries on Windows, at once elsewhere: there it is a missing permission."""
    asked = []

    def refuse(source: Path, target: Path) -> None:
        asked.append(target)
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(file_changes.os, "replace", refuse)
    monkeypatch.setattr(file_changes, "_WAIT_S", 0)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(PermissionError):
        replace(tmp_path / "new", tmp_path / "old")
    assert len(asked) == tries


def test_a_pipe_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows calls it an invalid argument."""
    invalid = OSError(errno.EINVAL, "Invalid argument")
    assert is_closed_pipe(BrokenPipeError()) and not is_closed_pipe(invalid)
    monkeypatch.setattr(sys, "platform", "win32")
    assert is_closed_pipe(invalid) and not is_closed_pipe(OSError(errno.ENOSPC, "No space left on device"))
