"""A child process of this package that answers one request: its answer, or why there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import edge

_ROOT = Path(edge.__file__).resolve().parent.parent  # the child must import this same package

_SIGNALS_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)


def ask(
    command: Sequence[str],
    request: dict[str, Any],
    *,
    time_limit_s: float,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The answer of a fresh process: one JSON object, or ``{"error": "one line", "again": BOOL}``.

    ``command`` gets ``request`` as one JSON object on stdin and answers with one on stdout. ``environment`` is added
    to its environment variables. If the child cannot be started, is killed by a signal, ends without an answer, or
    still runs after ``time_limit_s`` seconds, the answer holds an error and nothing is raised. ``again`` is true if the
    state of this machine may be the cause, so that another try may succeed; a crash is the request's own. If this call
    is interrupted, the child is killed.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=_ROOT,
            env={**os.environ, **(environment or {})},
        )
    except OSError as error:
        return {"error": f"no process could be started ({error.strerror})", "again": True}
    with process:
        try:
            out, err = process.communicate(json.dumps(request).encode(), time_limit_s)
        except subprocess.TimeoutExpired:
            return {"error": f"gave no answer within {time_limit_s:g} s and was stopped", "again": True}
        finally:
            process.kill()
    try:
        answer = json.loads(out) if process.returncode == 0 else None
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    again = process.returncode >= 0 or -process.returncode in _SIGNALS_FROM_OUTSIDE
    return {"error": _why_no_answer(process.returncode, err), "again": again}


def _why_no_answer(code: int, err: bytes) -> str:
    if code == -signal.SIGKILL:
        return "the process was killed (SIGKILL), as happens if memory runs out"
    if code == -signal.SIGXCPU:
        return "the process needs more processor time than it may take"
    if code < 0:
        return f"the process crashed ({_signal_name(-code)})"
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return f"the process ended with code {code} and no answer" + (f" ({lines[-1]})" if lines else "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
