"""Minutes of load on one model: the curve of its times, with temperature and power beside it."""

from __future__ import annotations

import contextlib
import json
import math
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from edge.bench.board import board_state
from edge.bench.power import board_power_w
from edge.bench.progress import Progress
from edge.bench.soak_summary import mean_power_w, summarize, three_digits
from edge.bench.soak_worker import SoakRequest

COMMAND = (sys.executable, "-m", "edge.bench.soak_worker")
"""Starts the process that computes."""

WINDOW_S = 10.0
"""How long a window is, in seconds: one point of the curve."""

REST_S = 60.0
"""How long the board rests before the load, in seconds; its idle power is measured meanwhile."""

_REST_SHARE = 0.1  # of a shorter soak
_SAMPLE_EVERY_S = 2.0  # each costs the start of a process
_LATEST_S = 180.0  # a window that comes later than this, beside its own time, never comes
_ROOT = Path(__file__).resolve().parents[2]


def soak(request: SoakRequest, model: str, progress: Progress) -> dict[str, Any]:
    """Run ``request`` after a rest; the ``soak`` object of a results file, as plain JSON values.

    It has the name of the ``model``, ``runtime``, ``threads``, ``rest_s``, ``windows``, ``error`` (None, or one line)
    and, without an error, what :func:`~edge.bench.soak_summary.summarize` found. Nothing is raised if the process
    fails.
    """
    rest_s = rest_before(request.seconds)
    progress.show("the board rests")
    idle_w = mean_power_w(list(_samples(rest_s)))
    found: dict[str, Any] = {
        "model": model,
        "runtime": request.runtime,
        "threads": request.threads,
        "rest_s": rest_s,
        "windows": [],
        "error": None,
    }

    def add(window: dict[str, Any]) -> None:
        found["windows"].append(window)
        progress.advance()
        progress.show(f"under load, {three_digits(window['p50_ms'])} ms an inference")

    progress.show("under load")
    found["error"] = _run(request, add)
    if found["error"] is None and not found["windows"]:
        found["error"] = "the process ended before its first window"
    return found if found["error"] is not None else found | summarize(found["windows"], idle_w)


def rest_before(seconds: float) -> float:
    """How long the board rests before a soak of ``seconds``, in seconds."""
    return min(REST_S, _REST_SHARE * seconds)


def windows_of(seconds: float) -> int:
    """How many windows a soak of ``seconds`` has."""
    return max(1, math.ceil(seconds / WINDOW_S))


def _samples(seconds: float) -> Iterator[float | None]:
    """The power of the board every two seconds, for ``seconds``."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        yield board_power_w()
        time.sleep(max(0.0, min(_SAMPLE_EVERY_S, left)))


def _run(request: SoakRequest, add: Callable[[dict[str, Any]], None]) -> str | None:
    """Give each window to ``add``, with the state of the board at its end; the error of the process, or None."""
    try:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=_ROOT,
        )
    except OSError as error:
        return f"no process could be started ({error.strerror})"
    assert process.stdin is not None and process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with process:
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request._asdict()))
                process.stdin.close()
            threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
            while (line := _next(lines, request.window_s)) is not None:
                text, power_w = line
                if not text:
                    return f"gave no answer within {_LATEST_S + request.window_s:g} s and was stopped"
                window = json.loads(text)
                if "error" in window:
                    return str(window["error"])
                add({**window, **_state(), "power_w": power_w})
            code = process.wait()
            return None if code == 0 else f"the process ended with code {code}"
        except ValueError:
            return "the process answered something else"
        finally:
            process.kill()


def _read(out: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in out:
        lines.put(line)
    lines.put(None)


def _next(lines: queue.SimpleQueue[str | None], window_s: float) -> tuple[str, float | None] | None:
    """The next line and the mean power until it came; None at the end; an empty line if it came too late."""
    samples: list[float | None] = []
    latest = time.monotonic() + _LATEST_S + window_s
    while time.monotonic() < latest:
        samples.append(board_power_w())
        try:
            line = lines.get(timeout=_SAMPLE_EVERY_S)
        except queue.Empty:
            continue
        return None if line is None else (line, mean_power_w(samples))
    return "", None


def _state() -> dict[str, Any]:
    state = board_state()
    return {name: state[name] for name in ("temperature_c", "frequency_mhz", "throttled")}
