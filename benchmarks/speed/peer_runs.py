"""Ours against the peers: three questions, every peer in an environment of its own, alternating in one run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from PIL import Image

from benchmarks.pairs import pairs
from benchmarks.speed.lower_bound import decode_s, inference_s
from edge.errors import ConfigurationError
from edge.modelfile.model_file import ModelFile
from trainer.progress import Progress

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv-peers"
BIG_SIZE = (4000, 3000)


class Peer(NamedTuple):
    """A way to label photos: its script in ``benchmarks/speed/peers``, what its environment holds, the model it takes.

    Of a folder it gets ``most_photos`` at most; a slow peer's time for all of them follows from those. If it has a
    command line of its own, ``command`` is that of a process that labels one photo: model and photo are added.
    """

    name: str
    script: str
    packages: tuple[str, ...]
    quantization: str = "int8"
    most_photos: int = 1_000_000
    command: tuple[str, ...] = ()


PEERS = (
    Peer("ours", "ours.py", (".[litert]",), command=("-m", "edge", "label", "--model")),
    Peer("MediaPipe Tasks", "mediapipe_tasks.py", ("mediapipe==1.2.2",)),
    Peer("bare interpreter", "bare_interpreter.py", ("ai-edge-litert==2.3.0", "pillow")),
    Peer("OpenCV DNN (float32)", "opencv_dnn.py", ("opencv-python-headless==4.11.0.86", "numpy<2"), "float32"),
    Peer("Keras predict (float32)", "keras_predict.py", ("tensorflow==2.21.0", "pillow"), "float32", 150),
)


def environment(peer: Peer) -> Path:
    """The Python of the peer's own environment, which is made on the first call.

    Raises :class:`~edge.errors.ConfigurationError` if its packages cannot be installed.
    """
    folder = ENVIRONMENTS / Path(peer.script).stem
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *peer.packages]
        if subprocess.run(install, cwd=ROOT, stderr=subprocess.DEVNULL).returncode:
            raise ConfigurationError(f"cannot install {', '.join(peer.packages)}; is a package index within reach?")
        (folder / "installed").touch()
    return python


def run_peers(models: dict[str, Path], photos: list[Path], rounds: int, progress: Progress) -> list[dict[str, Any]]:
    """One row for each question and peer: seconds of every round, and the ratio of ours to it.

    ``models`` has the model file of each quantization, ``int8`` and ``float32``, of one architecture.
    """
    with tempfile.TemporaryDirectory() as folder:
        big = _draw_big_photo(Path(folder) / "big.jpg", photos)
        questions = {"cold": photos[:1], "folder": photos, "12 megapixels": [big] * 5}
        rows = []
        total = len(questions) * rounds * len(PEERS)
        with progress.stage(models["int8"].stem, total) as advance:
            for question, paths in questions.items():
                times: dict[str, list[float]] = {peer.name: [] for peer in PEERS}
                floor = []
                for _ in range(rounds * (5 if question == "cold" else 1)):
                    for peer in PEERS:
                        times[peer.name].append(_measure(peer, models[peer.quantization], paths, question == "cold"))
                        advance(1)
                    if question == "folder":
                        floor.append(_lower_bound_s(models["int8"], paths))
                rows += _rows(models, question, len(paths), times, floor)
    return rows


def ask(peer: Peer, model: Path, paths: list[Path], command: list[str] | None = None) -> str:
    """What the process of ``peer`` prints that labels ``paths`` with ``model``; ``command`` replaces its own.

    Raises :class:`~edge.errors.ConfigurationError` if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in (peer.script, "protocol.py"):
            shutil.copy(Path(__file__).parent / "peers" / name, folder)
        whole = [str(environment(peer)), *(command or [peer.script, str(model.resolve())])]
        lines = "\n".join(str(path.resolve()) for path in paths)
        child = subprocess.run(whole, input=lines, cwd=folder, text=True, capture_output=True, env=_clean())
    if child.returncode:
        raise ConfigurationError(f"{peer.name} failed: {(child.stderr.strip().splitlines() or ['?'])[-1]}")
    return child.stdout


def _measure(peer: Peer, model: Path, paths: list[Path], cold: bool) -> float:
    """Seconds for ``paths``: of the whole process if ``cold``, else inside it after loading."""
    scale = max(1.0, len(paths) / peer.most_photos)
    paths = paths[: peer.most_photos]
    what = [*peer.command, str(model.resolve()), str(paths[0].resolve())] if cold and peer.command else None
    started = time.perf_counter()
    printed = ask(peer, model, paths, what)
    wall_s = time.perf_counter() - started
    return wall_s if cold else scale * float(json.loads(printed.splitlines()[-1])["seconds"])


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EDGE_"))}


def _lower_bound_s(model: Path, paths: list[Path]) -> float:
    loaded = ModelFile.load(model)
    return decode_s(paths, loaded.input_size) + inference_s(loaded, paths)


def _rows(
    models: dict[str, Path], question: str, photos: int, times: dict[str, list[float]], floor: list[float]
) -> Iterator[dict[str, Any]]:
    ours = median(times["ours"])
    for name, seconds in times.items():
        row = {
            "model": models["int8"].stem,
            "question": question,
            "peer": name,
            "photos": photos,
            "seconds": [round(s, 4) for s in seconds],
            "median_s": round(median(seconds), 4),
            "times_ours": round(median(seconds) / ours, 2),
        }
        if name != "ours":
            row |= pairs(seconds, times["ours"]).as_json()
        if name == "ours" and floor:
            row["floor_s"] = [round(s, 4) for s in floor]
            row["share_of_floor"] = round(median(floor) / ours, 3)
        yield row


def _draw_big_photo(path: Path, photos: list[Path]) -> Path:
    """A 12-megapixel JPEG at ``path``, one of the photos enlarged: as smooth as a phone's photo at that size."""
    with Image.open(photos[0]) as photo:
        photo.convert("RGB").resize(BIG_SIZE, Image.Resampling.BICUBIC).save(path, "JPEG", quality=90)
    return path
