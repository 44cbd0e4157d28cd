"""A worker in a process of its own: what it answers, or why there is no answer."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import edge
from edge.bench.worker import Request

COMMAND = (sys.executable, "-m", "edge.bench.worker")
_ROOT = Path(edge.__file__).resolve().parent.parent  # the worker is to import this very package
_MAX_ERROR = 300  # characters
_FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/'\"]+/)+")  # results tell nobody where somebody keeps the files


def run_worker(request: Request) -> dict[str, Any]:
    """The answer of a fresh worker: that of :func:`edge.bench.worker.measure`, or ``{"error": "one line"}``.

    A worker that is killed by a signal, ends without an answer, or is still at it after the request's
    ``time_limit_s`` is an error in the answer and never one here. It is killed where this call is
    interrupted.
    """
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=_ROOT
    ) as process:
        try:
            out, err = process.communicate(json.dumps(request._asdict()).encode(), request.time_limit_s)
        except subprocess.TimeoutExpired:
            return _failed(f"gave no answer within {request.time_limit_s:g} s and was stopped")
        finally:
            process.kill()
    try:
        answer = json.loads(out) if process.returncode == 0 else None
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return _failed(answer["error"]) if "error" in answer else answer
    return _failed(_fate(process.returncode, err))


def _fate(code: int, err: bytes) -> str:
    if code == -signal.SIGKILL:
        return "the process was killed (SIGKILL), as happens where memory runs out"
    if code < 0:
        return f"the process crashed ({_signal_name(-code)})"
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return f"the process ended with code {code} and no answer" + (f" ({lines[-1]})" if lines else "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _failed(reason: str) -> dict[str, Any]:
    line = " ".join(_FOLDERS.sub("", reason).split())
    return {"error": line if len(line) <= _MAX_ERROR else line[: _MAX_ERROR - 3] + "..."}
