"""What counts as a fault of a hostile case, and the table."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.device.hostile.case import CaseResult, as_table, count_by_area, fault_of, run_limited


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("print('fine')", "ok"),
        ("raise SystemExit(65)", "ok"),
        ("import os; os.abort()", "signal"),
        ("1 / 0", "traceback"),
        ("b'x' * 450_000_000", "peak"),
    ],
)
def test_how_a_process_ended(program: str, expected: str) -> None:
    """A signal, a traceback and too much memory are faults; an exit code alone is not."""
    assert fault_of(run_limited([sys.executable, "-c", program], limit_s=60)) == expected


def test_the_memory_is_that_of_the_process_alone() -> None:
    """A large process that runs a small one does not count as the small one's memory."""
    large = np.ones(100_000_000, np.uint8)
    assert run_limited([sys.executable, "-c", "print('small')"], limit_s=60).peak_bytes < large.nbytes


def test_a_process_that_does_not_end_is_killed_with_its_children() -> None:
    """It counts as a hang, whatever signal it got."""
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)"
    waits = f"{program}\nimport time\nwhile True: time.sleep(1)"
    assert fault_of(run_limited([sys.executable, "-c", waits], limit_s=0.5)) == "hang"


def test_one_row_an_area() -> None:
    """Every result but ok is counted in its column, and the last line is the sum."""
    results = [
        CaseResult("devices", "a", "ok"),
        CaseResult("devices", "b", "hang"),
        CaseResult("brokers", "c", "accepted wrongly"),
    ]
    rows = count_by_area(results)
    assert [(row["area"], row["cases"], row["hang"], row["accepted wrongly"]) for row in rows] == [
        ("devices", 2, 1, 0),
        ("brokers", 1, 0, 1),
    ]
    assert as_table(rows).splitlines()[-1] == "| **all** | **3** | **0** | **0** | **1** | **0** | **1** |"
