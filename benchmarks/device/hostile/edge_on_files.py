"""The ``edge`` command on thousands of hostile files, in child processes that may end by a signal or hang."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Literal, NamedTuple

from benchmarks.device.hostile.case import HANG_S, PEAK_BYTES, CaseResult, Result

_AT_A_TIME = 250  # commands for one child: interpreters keep some memory of each model
_SILENT_S = 60.0  # without an answer the child hangs; longer than the limit, which counts processor time
_MOST_LINES = 3

Expected = Literal["taken", "refused", "either"]
"""What must come of a file: exit code 0, another one, or any of both."""


class FileCase(NamedTuple):
    """One run of ``edge`` with the arguments ``command``."""

    name: str
    command: list[str]
    expected: Expected


def run_edge(area: str, cases: Sequence[FileCase], env: Mapping[str, str] | None = None) -> Iterator[CaseResult]:
    """Run ``cases`` with the environment variables ``env`` in addition, and yield their results in order."""
    for start in range(0, len(cases), _AT_A_TIME):
        left = list(cases[start : start + _AT_A_TIME])
        while left:
            for result in _in_one_child(area, left, {**os.environ, **(env or {})}):
                left.pop(0)
                yield result


def _in_one_child(area: str, cases: list[FileCase], env: Mapping[str, str]) -> Iterator[CaseResult]:
    """The results of the first of ``cases``: up to the one that ends the child, at least one."""
    command = [sys.executable, "-m", "benchmarks.device.hostile.file_process"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, start_new_session=True)
    assert child.stdin is not None and child.stdout is not None
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
    try:
        child.stdin.write(json.dumps([case.command for case in cases]).encode())
        child.stdin.close()
        for case in list(cases):
            try:
                if lines.get(timeout=_SILENT_S):
                    answer = lines.get(timeout=_SILENT_S)
                    if answer:
                        yield _result(area, case, *json.loads(answer))
                        continue
            except queue.Empty:
                yield CaseResult(area, case.name, "hang", f"no answer for {_SILENT_S:g} s")
                return
            code = child.wait()
            yield CaseResult(area, case.name, "signal", f"the process ended with {code}")
            return
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _read(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _result(area: str, case: FileCase, code: int, err: str, seconds: float, peak_bytes: int) -> CaseResult:
    lines = err.splitlines()
    last = lines[-1] if lines else ""
    kind: Result = "ok"
    detail = last
    if "Traceback (most recent call last)" in err:
        kind = "traceback"
    elif seconds > HANG_S:
        kind, detail = "hang", f"{seconds:.1f} s of processor time: {last}"
    elif peak_bytes > PEAK_BYTES:
        kind, detail = "peak", f"{peak_bytes / 1e6:.0f} MB: {last}"
    elif (case.expected == "taken" and code) or (case.expected == "refused" and not code):
        kind, detail = "accepted wrongly", f"exit code {code}: {last}"
    elif len(lines) > _MOST_LINES or not all(line.startswith("edge: ") for line in lines):
        kind, detail = "accepted wrongly", f"{len(lines)} lines on stderr: {lines[0] if lines else ''}"
    elif any(unicodedata.category(letter) == "Cc" for line in err.split("\n") for letter in line):
        kind, detail = "accepted wrongly", f"control characters on stderr: {err!r}"
    return CaseResult(area, case.name, kind, detail)
