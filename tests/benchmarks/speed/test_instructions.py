"""Instructions, counted by programs that stand in for perf and valgrind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.speed.instructions import count_instructions

PERF = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo "{count},,instructions:u,1000,100.00,," > "$2"
shift 3; exec "$@"
"""
VALGRIND = """#!/bin/sh
[ "$1" = --tool=callgrind ] || exit 9
echo "==1== Collected : 450711155" > "${3#--log-file=}"
shift 3; exec "$@"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only one in which programs are found, beside those of the system's shell."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "true"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _add(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_perf_is_asked_first(programs: Path) -> None:
    """Where the processor counts, its figure is taken."""
    _add(programs, "perf", PERF.format(count=1234))
    _add(programs, "valgrind", VALGRIND)
    assert count_instructions(["true"]) == (1234, "perf")


def test_valgrind_counts_where_the_processor_does_not(programs: Path) -> None:
    """Virtual machines have no counter: perf says so."""
    _add(programs, "perf", PERF.format(count="<not supported>"))
    _add(programs, "valgrind", VALGRIND)
    assert count_instructions(["true"]) == (450711155, "valgrind")


def test_nothing_counts(programs: Path) -> None:
    """Without either program there is no figure."""
    assert count_instructions(["true"]) is None


def test_a_command_that_fails_is_no_measurement(programs: Path) -> None:
    """Its last line is told."""
    _add(programs, "valgrind", VALGRIND)
    with pytest.raises(RuntimeError, match=r"valgrind ended with 3 \(broken\)"):
        count_instructions([sys.executable, "-c", "import sys; print('broken', file=sys.stderr); sys.exit(3)"])
