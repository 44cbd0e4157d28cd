"""``edge watch`` against a bare loop of OpenCV and interpreter: frames a second, cold start, and a soak."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.device.camera import film
from benchmarks.device.ports import free_port
from benchmarks.device.processes import Lines, broker, camera, viewer
from edge.inference.interpreter import choose_runtime
from edge.parallel import available_cores
from trainer.progress import Progress

_BARE = Path(__file__).parents[1] / "speed" / "peers" / "bare_camera.py"
_WARM_UP_S = 2.0
_SAMPLE_EVERY_S = 1.0
_DROPPED = re.compile(r"(\w+): too slow or not there: observations dropped: .* so far (\d+)")


class Subject(NamedTuple):
    """The model under measurement and its label file, if it carries no labels."""

    model: Path
    labels: Path | None

    def bare(self, source: str) -> list[str]:
        """The command of the bare loop."""
        return [sys.executable, str(_BARE), source, str(self.model), str(available_cores())]

    def watch(self, source: str, *options: str) -> list[str]:
        """The command of ``edge watch``."""
        labels = ["--labels", str(self.labels)] if self.labels else []
        model = ["--model", str(self.model), *labels]
        return [sys.executable, "-m", "edge", "watch", source, *model, "--json", *options]


def compare_rates(subject: Subject, fps: float, rounds: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """Frames labelled a second of a 640 x 480 stream that sends ``fps``, bare and ours in turn.

    ``json`` is ``edge watch --json``; ``web_mqtt`` the same with the web page, a viewer of it, and MQTT.
    The ratios are medians of the rounds' own ratios to the bare loop.
    """
    port = free_port()
    rates: dict[str, list[float]] = {"bare": [], "json": [], "web_mqtt": []}
    with camera(fps) as uri, broker() as mqtt, progress.stage(f"{fps:g} fps", rounds) as advance:
        commands = {
            "bare": subject.bare(uri),
            "json": subject.watch(uri),
            "web_mqtt": subject.watch(uri, "--web", str(port), "--mqtt", mqtt),
        }
        for number in range(rounds):
            order = list(commands) if number % 2 == 0 else list(reversed(commands))
            for name in order:
                if name == "web_mqtt":
                    with viewer(port):
                        rates[name].append(_rate(commands[name], seconds))
                else:
                    rates[name].append(_rate(commands[name], seconds))
            advance(1)
    ratios = {
        f"{name}_ratio": round(median(one / bare for one, bare in zip(rates[name], rates["bare"], strict=True)), 4)
        for name in ("json", "web_mqtt")
    }
    return {
        "what": "frames a second",
        "model": subject.model.name,
        "runtime": choose_runtime(),
        "threads": available_cores(),
        "stream_fps": fps,
        "rounds": rounds,
        "seconds": seconds,
        **{f"{name}_fps": round(median(values), 2) for name, values in rates.items()},
        **ratios,
    }


def _rate(command: Sequence[str], seconds: float) -> float:
    lines = Lines(command)
    lines.first_s()
    time.sleep(_WARM_UP_S)
    rate = lines.rate(seconds)
    lines.end()
    return rate


def compare_cold_starts(subject: Subject, rounds: int, progress: Progress) -> dict[str, Any]:
    """Seconds from starting the process to the first label of a video file, bare and ours in turn."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "flowers.avi"
        film(video, seconds=20)
        commands: dict[str, Callable[[], list[str]]] = {
            "bare": lambda: subject.bare(str(video)),
            "watch": lambda: subject.watch(str(video)),
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        with progress.stage("cold starts", rounds) as advance:
            for _ in range(rounds):
                for name, command in commands.items():
                    lines = Lines(command())
                    found[name].append(lines.first_s())
                    lines.end()
                advance(1)
    medians = {f"{name}_first_label_s": round(median(values), 3) for name, values in found.items()}
    return {"what": "cold start", "model": subject.model.name, "rounds": rounds, **medians}


def soak(subject: Subject, fps: float, minutes: float, progress: Progress) -> dict[str, Any]:
    """Resident memory of ``edge watch`` with web and MQTT at full speed, in its first and its last minute.

    Sampled every second after a warm-up; of a soak shorter than two minutes the first and last half. ``dropped``
    is by sink how many observations it was too slow for. ``errors`` are lines on stderr other than these and the
    closing sum, and an exit code other than 0.
    """
    port, total_s = free_port(), 60 * minutes
    samples: list[int] = []
    with camera(fps) as uri, broker() as mqtt, progress.stage("soak", int(total_s)) as advance, viewer(port):
        lines = Lines(subject.watch(uri, "--web", str(port), "--mqtt", mqtt))
        lines.first_s()
        time.sleep(_WARM_UP_S)
        before, start_s = lines.count, time.monotonic()
        while time.monotonic() - start_s < total_s and lines.process.poll() is None:
            samples.append(_resident_bytes(lines.process.pid))
            time.sleep(_SAMPLE_EVERY_S)
            advance(1)
        frames, elapsed_s = lines.count - before, time.monotonic() - start_s
        code = lines.end()
    window = max(1, min(60, len(samples) // 2))
    dropped = {m[1]: int(m[2]) for line in lines.said if (m := _DROPPED.search(line))}
    errors = [line for line in lines.said if "frames labelled" not in line and not _DROPPED.search(line)]
    errors += [f"exit code {code}"] if code else []
    return {
        "what": "soak",
        "model": subject.model.name,
        "stream_fps": fps,
        "minutes": minutes,
        "frames": frames,
        "frames_per_second": round(frames / elapsed_s, 2),
        "first_minute_mb": round(sum(samples[:window]) / window / 1e6, 2),
        "last_minute_mb": round(sum(samples[-window:]) / window / 1e6, 2),
        "each_minute_mb": [round(sum(part) / len(part) / 1e6, 2) for part in _minutes(samples)],
        "dropped": dropped,
        "errors": len(errors),
        "error_lines": errors[:10],
    }


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _minutes(samples: list[int]) -> list[list[int]]:
    return [samples[start : start + 60] for start in range(0, len(samples), 60)]
