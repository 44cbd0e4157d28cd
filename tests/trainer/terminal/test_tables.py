"""Tables on stdout."""

from __future__ import annotations

import re

import pytest

from trainer.terminal.tables import print_table


@pytest.mark.parametrize("forced", ["", "1"])
def test_no_cell_is_cut_in_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, forced: str
) -> None:
    """Not even if colours are asked for, as machines of a CI do, and there is no wide terminal."""
    monkeypatch.setenv("FORCE_COLOR", forced)
    monkeypatch.setenv("COLUMNS", "40")
    print_table(["file", "size"], [["a" * 60, "1"], ["b", "2" * 30]])
    rows = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).split("\n")
    assert [row.split() for row in rows if row.strip(" ─")] == [["file", "size"], ["a" * 60, "1"], ["b", "2" * 30]]
