"""A worker in a process of its own: what it answers, or why there is no answer."""

from __future__ import annotations

import re
import sys
from typing import Any

from edge.bench.worker import Request
from edge.child import ask

COMMAND = (sys.executable, "-m", "edge.bench.worker")
_MAX_ERROR = 300  # characters
_FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/'\"]+/)+")  # results tell nobody where somebody keeps the files


def run_worker(request: Request) -> dict[str, Any]:
    """The answer of a fresh worker: that of :func:`edge.bench.worker.measure`, or ``{"error": "one line"}``.

    What can go wrong with a worker is an error in the answer and never one here (:func:`edge.child.ask`).
    """
    answer = ask(COMMAND, request._asdict(), request.time_limit_s)
    return {"error": _short(answer["error"])} if "error" in answer else answer


def _short(reason: str) -> str:
    line = " ".join(_FOLDERS.sub("", reason).split())
    return line if len(line) <= _MAX_ERROR else line[: _MAX_ERROR - 3] + "..."
