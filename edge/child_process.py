"""A child process of this package that answers one request: its answer, or why there is none."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import edge
from edge.system.signals import crash_name, known_signals

_ROOT = Path(edge.__file__).resolve().parent.parent  # the child must import this same package

_SIGNALS_FROM_OUTSIDE = known_signals("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGALRM")


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
    code = process.returncode
    again = crash_name(code) is None or -code in _SIGNALS_FROM_OUTSIDE
    return {"error": _why_no_answer(code, err), "again": again}


def _why_no_answer(code: int, err: bytes) -> str:
    crash = crash_name(code)
    if crash == "SIGKILL":
        return "the process was killed (SIGKILL), as happens if memory runs out"
    if crash == "SIGXCPU":
        return "the process needs more processor time than it may take"
    if crash is not None:
        return f"the process crashed ({crash})"
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return f"the process ended with code {code} and no answer" + (f" ({lines[-1]})" if lines else "")
