"""``trainer teach`` while it records and learns: its frame rate, the time of a refit, its memory over many actions."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from benchmarks.device.processes import camera
from benchmarks.device.teaching.session_process import PHOTOS, TeachProcess, teach_process
from benchmarks.device.waiting import wait
from trainer.progress import Progress

_RENEW_S = 0.3
_LEARNT_S = 600.0
_FRAMES = 599  # a prime number: each recorded frame is another one, for minutes
_MOVED = 20  # photos in one action
_SAMPLES = 20


def compare_rates(session: TeachProcess, rounds: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """Frames labelled a second, in turn quiet, and with recording at 5 a second and a refit after each photo.

    The ratio is the median of the rounds' own ratios.
    """
    quiet, busy = [], []
    classes = itertools.cycle(entry["name"] for entry in session.state()["classes"])
    before = _photos(session)
    with progress.stage("recording and learning", rounds) as advance:
        for _ in range(rounds):
            session.wait_until_idle(_LEARNT_S)
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


def time_refits(session: TeachProcess, changes: int, progress: Progress) -> dict[str, Any]:
    """Seconds from a change of one photo's class to the answer of the thorough head, while the stream is labelled.

    ``quick_s`` are those to the first head that has learnt the change. Both are seen over the API, in steps of some
    20 milliseconds.
    """
    names = [entry["name"] for entry in session.state()["classes"]]
    quick, thorough = [], []
    with progress.stage("refits", changes) as advance:
        for turn in range(changes):
            label, other = names[turn % len(names)], names[(turn + 1) % len(names)]
            photo = session.ask("GET", f"api/photos?place=classes&class={quote(label)}&limit=1")["photos"][0]["id"]
            session.wait_until_idle(_LEARNT_S)
            started_s = time.monotonic()
            session.ask("POST", "api/photos/assign", {"photos": [photo], "class": other})
            quick.append(_seconds_until(session, started_s, lambda learning: not learning["thorough"]))
            thorough.append(_seconds_until(session, started_s, lambda learning: learning["state"] == "ready"))
            advance(1)
    return {
        "measurement": "refits",
        "classes": len(names),
        "changes": changes,
        "quick_s": round(median(quick), 3),
        "thorough_s": round(median(thorough), 3),
        "longest_s": round(max(thorough), 3),
    }


def act(session: TeachProcess, actions: int, progress: Progress) -> dict[str, Any]:
    """Move, delete, undo, rename and look at photos in ``actions`` requests that follow each other without a pause.

    ``resident_mb`` are samples of the process's memory at even distances, each after all was learnt.
    """
    resident = []
    names = [entry["name"] for entry in session.state()["classes"]]
    with progress.stage("actions", actions) as advance:
        for number, request in zip(range(actions), _requests(session, names), strict=False):
            if number % max(1, actions // _SAMPLES) == 0:
                session.wait_until_idle(_LEARNT_S)
                resident.append(round(session.resident_mb(), 1))
            with contextlib.suppress(urllib.error.HTTPError):  # a photo may be where it should go already
                session.ask(*request)
            advance(1)
    session.wait_until_idle(_LEARNT_S)
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
) -> Iterator[TeachProcess]:
    """A session on the first ``photos`` photos of each class of ``image_dir``, with a camera of ``fps`` frames/s.

    It has labelled a frame and learnt all photos. Raises :class:`~edge.errors.UnavailableError` if it does not start.
    """
    options = ["--architecture", architecture]
    options += ["--bottleneck-dir", str(bottleneck_dir.absolute())] if bottleneck_dir else []
    with tempfile.TemporaryDirectory() as name, camera(fps, _FRAMES) as uri:
        scratch = Path(name)
        for place in sorted(path for path in image_dir.iterdir() if path.is_dir()):
            (scratch / PHOTOS / place.name).mkdir(parents=True)
            for photo in sorted(place.iterdir())[:photos]:
                shutil.copy(photo, scratch / PHOTOS / place.name)
        with teach_process(uri, scratch, *options) as session:
            wait(session.labelled, _LEARNT_S)
            session.wait_until_idle(_LEARNT_S)
            yield session


def _rate(session: TeachProcess, seconds: float, label: str | None) -> float:
    """Frames labelled a second over ``seconds``, while ``label`` is recorded (None: no class is)."""
    hold = f"benchmark-{time.monotonic_ns()}"
    first, started_s = session.labelled(), time.monotonic()
    while time.monotonic() - started_s < seconds:
        if label is not None:
            session.ask("PUT", "api/recording", {"class": label, "hold": hold})
        time.sleep(_RENEW_S)
    rate = (session.labelled() - first) / (time.monotonic() - started_s)
    session.ask("DELETE", f"api/recording?hold={hold}")
    return rate


def _seconds_until(session: TeachProcess, started_s: float, holds: Callable[[Any], bool]) -> float:
    """Seconds from ``started_s`` until ``holds`` for what the session says about learning, or it is ready."""
    wait(lambda: (learning := session.state()["learning"])["state"] == "ready" or holds(learning), _LEARNT_S)
    return time.monotonic() - started_s


def _photos(session: TeachProcess) -> int:
    return sum(int(entry["photos"]) for entry in session.state()["classes"])


def _requests(session: TeachProcess, names: list[str]) -> Iterator[tuple[str, str, object]]:
    """Requests without end: what a user does in a review, one after the other."""
    for turn in itertools.count():
        label, other = names[turn % len(names)], names[(turn + 1) % len(names)]
        listed = session.ask("GET", f"api/photos?place=classes&class={quote(label)}&limit={_MOVED}")["photos"]
        ids = [photo["id"] for photo in listed]
        yield "POST", "api/photos/assign", {"photos": ids, "class": other}
        yield "POST", "api/undo", {"action": _last_action(session)}
        yield "POST", "api/photos/delete", {"photos": ids[: _MOVED // 4]}
        yield "POST", "api/undo", {"action": _last_action(session)}
        yield "PUT", "api/classes/another", None
        yield "POST", "api/photos/assign", {"photos": ids[: _MOVED // 4], "class": "another"}
        yield "POST", "api/classes/another/merge", {"into": label}
        for id_ in ids[:4]:
            yield "GET", f"api/photos/{id_}", None
        yield "GET", "api/photos?place=classes&filter=unsure&order=doubtful", None


def _last_action(session: TeachProcess) -> int:
    undo = session.state()["undo"]
    return int(undo["id"]) if undo else 0
