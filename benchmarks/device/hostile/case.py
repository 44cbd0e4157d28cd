"""One hostile case: what came of it, and the table of all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

HANG_S = 10.0
"""A case that takes longer than this, in seconds, counts as a hang."""

PEAK_BYTES = 400_000_000
"""A process that takes more memory than this counts as a peak."""

Result = Literal["ok", "signal", "traceback", "hang", "peak", "accepted wrongly"]
_COLUMNS: dict[Result, str] = {
    "signal": "signals",
    "traceback": "tracebacks",
    "hang": f"hangs over {HANG_S:g} s",
    "peak": f"peaks over {PEAK_BYTES / 1e6:g} MB",
    "accepted wrongly": "wrong acceptances",
}
_POLL_S = 0.01

# Linux counts the memory of the process that starts another one as that of the other one, and this process may be
# large: a small one starts the other one, and writes how it ended.
_STARTER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
os.write(int(sys.argv[1]), b"%d %d" % (os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024))
"""


class CaseResult(NamedTuple):
    """``result`` of the case ``name`` in ``area``; ``detail`` is one line about it if it is not ``ok``.

    ``accepted wrongly`` also stands for a wrong answer: a message that does not name the cause, or a lost result of
    another device. ``cases`` is more than 1 if the case stands for that many inputs.
    """

    area: str
    name: str
    result: Result
    detail: str = ""
    cases: int = 1


class Ended(NamedTuple):
    """How a process ended: exit code (negative for a signal), output, duration in s, largest memory in bytes.

    If ``stopped``, it still ran at its time limit and was killed.
    """

    code: int
    out: str
    err: str
    duration_s: float
    peak_bytes: int
    stopped: bool


def run_limited(
    command: Sequence[str], *, limit_s: float = HANG_S, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Ended:
    """Run ``command`` without stdin, and kill it and its process group after ``limit_s`` seconds.

    ``env`` and ``cwd`` are those of :class:`subprocess.Popen`. The largest memory is that of the process and of the
    children that it has waited for, whichever is largest.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as end:
        process = subprocess.Popen(
            [sys.executable, "-ISc", _STARTER, str(end.fileno()), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=env,
            cwd=cwd,
            start_new_session=True,
            pass_fds=(end.fileno(),),
        )
        stopped = False
        while process.poll() is None:
            if not stopped and time.monotonic() - started > limit_s:
                os.killpg(process.pid, signal.SIGKILL)
                stopped = True
            time.sleep(_POLL_S)
        for file in (out, err, end):
            file.seek(0)
        code, peak = map(int, end.read().split() or (process.returncode, 0))
        return Ended(
            code,
            out.read().decode("utf-8", "replace"),
            err.read().decode("utf-8", "replace"),
            time.monotonic() - started,
            peak,
            stopped,
        )


def peak_bytes(process: int | str = "self") -> int:
    """The largest memory so far of the process with this number, in bytes; 0 if it has ended."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    return 0


def as_result(area: str, name: str, wrong: str | None) -> CaseResult:
    """The result of a case of which ``wrong`` says what is wrong; ``hang`` in it means that something did not end."""
    result: Result = "ok" if wrong is None else "hang" if "hang" in wrong else "accepted wrongly"
    return CaseResult(area, name, result, wrong or "")


def fault_of(ended: Ended) -> Result:
    """What is wrong with how a process ended, whatever it was asked; ``ok`` if nothing is."""
    if ended.stopped:
        return "hang"
    if ended.code < 0:
        return "signal"
    if "Traceback (most recent call last)" in ended.err:
        return "traceback"
    return "peak" if ended.peak_bytes > PEAK_BYTES else "ok"


def count_by_area(results: Sequence[CaseResult]) -> list[dict[str, str | int]]:
    """One row an area: the number of cases, and how many have each result other than ``ok``."""
    rows: dict[str, dict[str, str | int]] = {}
    for result in results:
        row = rows.setdefault(result.area, {"area": result.area, "cases": 0, **dict.fromkeys(_COLUMNS, 0)})
        row["cases"] = int(row["cases"]) + result.cases
        if result.result != "ok":
            row[result.result] = int(row[result.result]) + 1
    return list(rows.values())


def as_table(rows: Sequence[Mapping[str, str | int]]) -> str:
    """The rows of :func:`count_by_area` as a table in Markdown, with their sum."""
    columns = ("cases", *_COLUMNS)
    head = "| area | cases | " + " | ".join(_COLUMNS.values()) + " |\n|" + "---|" * (len(columns) + 1)
    lines = [f"| {row['area']} | " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows]
    total = " | ".join(f"**{sum(int(row[column]) for row in rows)}**" for column in columns)
    return "\n".join([head, *lines, f"| **all** | {total} |"])
