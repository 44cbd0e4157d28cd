"""``trainer teach`` while it records and learns: its frame rate, and its memory over many actions."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from benchmarks.device.ports import free_port
from benchmarks.device.processes import camera
from benchmarks.device.waiting import wait
from edge.errors import UnavailableError
from trainer.progress import Progress

_RENEW_S = 0.3
_START_S = 600.0
_LEARNT_S = 120.0
_FRAMES = 599  # a prime number: each recorded frame is another one, for minutes
_MOVED = 20  # photos in one action
_SAMPLES = 20


class RunningSession:
    """A ``trainer teach`` in a process of its own, and its API."""

    def __init__(self, command: list[str], port: int) -> None:
        """Run ``command``, which serves ``port``, until the first frame is labelled and all photos are learnt."""
        self._port = port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        if not wait(self._is_ready, _START_S):
            self.process.kill()
            raise UnavailableError("trainer teach does not start; run it by hand to see why")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", content, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def labelled(self) -> int:
        """The number of frames that were labelled so far."""
        return int(self.ask("GET", "/observation.json")["counts"]["frames_labelled"])

    def is_quiet(self) -> bool:
        """Whether nothing is being learnt or computed."""
        state = self.ask("GET", "/api/session")
        return state["learning"]["state"] != "learning" and state["figures"]["state"] != "computing"

    def resident_mb(self) -> float:
        """The memory of the process, in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise UnavailableError("trainer teach has ended; its message is above")
        with contextlib.suppress(OSError):
            return self.labelled() > 0 and self.is_quiet()
        return False


def compare_rates(session: RunningSession, rounds: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """Frames labelled a second, in turn quiet, and with recording at 5 a second and a refit after each photo.

    The ratio is the median of the rounds' own ratios.
    """
    quiet, busy = [], []
    classes = itertools.cycle(entry["name"] for entry in session.ask("GET", "/api/session")["classes"])
    before = _photos(session)
    with progress.stage("recording and learning", rounds) as advance:
        for _ in range(rounds):
            wait(session.is_quiet, _LEARNT_S)
            quiet.append(_rate(session, seconds, None))
            busy.append(_rate(session, seconds, next(classes)))
            advance(1)
    return {
        "measurement": "frames a second",
        "quiet": round(median(quiet), 2),
        "recording_and_learning": round(median(busy), 2),
        "ratio": round(median(b / q for q, b in zip(quiet, busy, strict=True)), 4),
        "photos_recorded_per_s": round((_photos(session) - before) / (rounds * seconds), 2),
        "rounds": rounds,
        "seconds": seconds,
    }


def act(session: RunningSession, actions: int, progress: Progress) -> dict[str, Any]:
    """Move, delete, undo, rename and look at photos in ``actions`` requests that follow each other without a pause.

    ``resident_mb`` are samples of the process's memory at even distances, each after all was learnt.
    """
    resident = []
    names = [entry["name"] for entry in session.ask("GET", "/api/session")["classes"]]
    with progress.stage("actions", actions) as advance:
        for number, request in zip(range(actions), _requests(session, names), strict=False):
            if number % max(1, actions // _SAMPLES) == 0:
                wait(session.is_quiet, _LEARNT_S)
                resident.append(round(session.resident_mb(), 1))
            with contextlib.suppress(urllib.error.HTTPError):  # a photo may be where it should go already
                session.ask(*request)
            advance(1)
    wait(session.is_quiet, _LEARNT_S)
    resident.append(round(session.resident_mb(), 1))
    half = len(resident) // 2
    return {
        "measurement": "memory",
        "actions": actions,
        "resident_mb": resident,
        "second_half_to_first": round(median(resident[half:]) / median(resident[:half]), 4),
    }


@contextlib.contextmanager
def teaching(
    image_dir: Path, architecture: str, photos: int, fps: float, bottleneck_dir: Path | None
) -> Iterator[RunningSession]:
    """A session on the first ``photos`` photos of each class of ``image_dir``, with a camera of ``fps`` frames/s."""
    port = free_port()
    with tempfile.TemporaryDirectory() as scratch, camera(fps, _FRAMES) as uri:
        folder = Path(scratch, "photos")
        for place in sorted(path for path in image_dir.iterdir() if path.is_dir()):
            (folder / place.name).mkdir(parents=True)
            for photo in sorted(place.iterdir())[:photos]:
                shutil.copy(photo, folder / place.name)
        command = [sys.executable, "-m", "trainer", "teach", uri, str(folder), "--architecture", architecture]
        command += ["--web", str(port), "--store", str(Path(scratch, "store"))]
        command += ["--bottleneck-dir", str(bottleneck_dir)] if bottleneck_dir else []
        session = RunningSession(command, port)
        try:
            yield session
        finally:
            session.process.terminate()
            session.process.wait()


def _rate(session: RunningSession, seconds: float, label: str | None) -> float:
    """Frames labelled a second over ``seconds``, while ``label`` is recorded (None: no class is)."""
    hold = f"benchmark-{time.monotonic_ns()}"
    first, started_s = session.labelled(), time.monotonic()
    while time.monotonic() - started_s < seconds:
        if label is not None:
            session.ask("PUT", "/api/recording", {"class": label, "hold": hold})
        time.sleep(_RENEW_S)
    rate = (session.labelled() - first) / (time.monotonic() - started_s)
    session.ask("DELETE", f"/api/recording?hold={hold}")
    return rate


def _photos(session: RunningSession) -> int:
    return sum(int(entry["photos"]) for entry in session.ask("GET", "/api/session")["classes"])


def _requests(session: RunningSession, names: list[str]) -> Iterator[tuple[str, str, object]]:
    """Requests without end: what a user does in a review, one after the other."""
    for turn in itertools.count():
        label, other = names[turn % len(names)], names[(turn + 1) % len(names)]
        listed = session.ask("GET", f"/api/photos?place=classes&class={quote(label)}&limit={_MOVED}")["photos"]
        ids = [photo["id"] for photo in listed]
        yield "POST", "/api/photos/assign", {"photos": ids, "class": other}
        yield "POST", "/api/undo", {"action": _last_action(session)}
        yield "POST", "/api/photos/delete", {"photos": ids[: _MOVED // 4]}
        yield "POST", "/api/undo", {"action": _last_action(session)}
        yield "PUT", "/api/classes/another", None
        yield "POST", "/api/photos/assign", {"photos": ids[: _MOVED // 4], "class": "another"}
        yield "POST", "/api/classes/another/merge", {"into": label}
        for id_ in ids[:4]:
            yield "GET", f"/api/photos/{id_}", None
        yield "GET", "/api/photos?place=classes&filter=unsure&order=doubtful", None


def _last_action(session: RunningSession) -> int:
    undo = session.ask("GET", "/api/session")["undo"]
    return int(undo["id"]) if undo else 0
