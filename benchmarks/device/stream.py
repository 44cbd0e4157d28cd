"""How fresh the labelled frames of a live stream are, and how labelling goes on after faults.

The camera is ``tests/support/stream_server.py`` in a process of its own; its frames carry their numbers. On a
machine with other work, ``chrt -f 1 python -m benchmarks stream`` keeps that work from holding up camera and grabber.
"""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.backoff import CAP_S
from edge.inference.classifier import Classifier
from edge.live.grabber import Grabber
from edge.sources.http_client import TIME_LIMIT_S
from edge.sources.uri import open_source
from edge.statistics import StreamStatistics
from edge.types import Frame
from trainer.progress import Progress

TESTS = Path(__file__).parents[2] / "tests"
MODEL = TESTS / "data" / "tiny-int8.tflite"
FPS = 30.0
MAX_FRAME_AGE_S = 1.0

FAULT_S = {"close": 0.0, "hang": 0.0, "garbage": 2.0, "half": 2.0, "zero": 8.0, "resize": 0.0, "refuse": 3.0}
"""Which faults are injected in turn, and after how many seconds the camera is well again.

A connection that hangs stays so for ever; the camera takes another one immediately.
"""

GIVE_UP_S = 60.0


class Camera:
    """The test camera's process."""

    def __init__(self) -> None:
        """Start it and wait until it sends."""
        command = [sys.executable, str(TESTS / "support" / "stream_server.py"), "--fps", str(FPS)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.uri, start = self._answer()
        self._start_s = float(start)

    def order(self, command: str) -> float:
        """Send it ``command``; returns the :func:`time.monotonic` at which it did it."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return float(self._answer()[1])

    def number(self) -> int:
        """The number of the frame whose time has come last; the clock is the same in all processes."""
        return int((time.monotonic() - self._start_s) * FPS)

    def end(self) -> None:
        """End it."""
        self._process.communicate("end\n", timeout=GIVE_UP_S)

    def _answer(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()


@contextmanager
def _stream() -> Iterator[tuple[Camera, Grabber, StreamStatistics]]:
    statistics = StreamStatistics()
    camera = Camera()
    grabber = Grabber(
        open_source(camera.uri), statistics, max_frame_age_s=MAX_FRAME_AGE_S, write_message=lambda line: None
    )
    grabber.start()
    try:
        yield camera, grabber, statistics
    finally:
        grabber.stop()
        camera.end()


def freshness(seconds: float, labels_per_s: float, progress: Progress) -> dict[str, Any]:
    """Label for ``seconds`` with a model slowed to ``labels_per_s``; counts how old each frame was when taken."""
    read_number = tests_module("stream_server").read_number
    classifier = Classifier.load(MODEL)
    lags: list[int] = []
    rounds = int(seconds * labels_per_s)
    with _stream() as (camera, grabber, statistics), progress.stage("freshness", rounds) as advance:
        frame = _next(grabber, -1)
        for _ in range(rounds):
            started_s = time.monotonic()
            frame = _next(grabber, frame.sequence)
            lags.append(camera.number() - read_number(frame.pixels))
            classifier.classify(frame.pixels)
            time.sleep(max(0.0, started_s + 1 / labels_per_s - time.monotonic()))
            advance(1)
        counts = statistics.snapshot()
    return {
        "measurement": "freshness",
        "fps": FPS,
        "labels_per_s": labels_per_s,
        "seconds": seconds,
        "frames_labelled": len(lags),
        "frames_grabbed": counts.frames_grabbed,
        "real_time_priority": os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR),
        "frames_old_when_grabbed": {str(lag): lags.count(lag) for lag in sorted(set(lags))},
    }


def faults(count: int, progress: Progress) -> list[dict[str, Any]]:
    """Inject ``count`` faults in turn; a row for each kind, and one of what is open and held before and after.

    The time to resume runs from when the camera is well again to the first label of a frame filmed since.
    """
    read_number = tests_module("stream_server").read_number
    classifier = Classifier.load(MODEL)
    resumed: dict[str, list[float]] = {}
    held: list[dict[str, int]] = []
    with _stream() as (camera, grabber, statistics), progress.stage("faults", count) as advance:
        frame = _next(grabber, -1)
        for index in range(count):
            fault = list(FAULT_S)[index % len(FAULT_S)]
            well_s = camera.order(fault)
            if FAULT_S[fault]:
                time.sleep(FAULT_S[fault])
                well_s = camera.order("end_fault")
            well_number = camera.number()
            while True:
                frame = _next(grabber, frame.sequence)
                if read_number(frame.pixels) > well_number:
                    break
            classifier.classify(frame.pixels)
            resumed.setdefault(fault, []).append(time.monotonic() - well_s)
            held.append(_held())
            advance(1)
        counts = statistics.snapshot()
    warm = min(len(FAULT_S), count - 1)
    rows: list[dict[str, Any]] = [
        {
            "measurement": "fault",
            "fault": fault,
            "times": len(seconds),
            "resumed_s_median": round(sorted(seconds)[len(seconds) // 2], 2),
            "resumed_s_max": round(max(seconds), 2),
            "within_backoff_cap": max(seconds) <= CAP_S,
        }
        for fault, seconds in resumed.items()
    ]
    rows.append(
        {
            "measurement": "leaks",
            "faults": count,
            "backoff_cap_s": CAP_S,
            "time_limit_s": TIME_LIMIT_S,
            "source_errors": counts.source_errors,
            "reconnects": counts.reconnects,
            "after_first_round": held[warm],
            "at_the_end": held[-1],
        }
    )
    return rows


def _next(grabber: Grabber, after: int) -> Frame:
    frame = grabber.newest(after, GIVE_UP_S)
    if frame is None:
        raise RuntimeError(f"no frame in {GIVE_UP_S:g} s")
    return frame


def _held() -> dict[str, int]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "resident_kib": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
    }


def tests_module(name: str) -> Any:
    """The module ``support.NAME`` of the tests, which makes what measurements need too."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    return importlib.import_module(f"support.{name}")
