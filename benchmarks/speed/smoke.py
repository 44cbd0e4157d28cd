"""Ratios that hold on any machine, within wide limits, in a minute or two: a look at speed for every change.

A ratio beyond its limit is printed, and nothing fails: on a machine that others use too, time alone proves nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.pairs import NOISY_SPREAD, Pairs, pairs
from benchmarks.speed.cold_start import compare
from benchmarks.speed.lower_bound import decode_s, inference_s
from benchmarks.speed.measured_process import run_trainer
from benchmarks.speed.overhead import compare as overhead
from edge.bench.models import load_model
from edge.bench.photo import draw_photo
from edge.bench.standard.points import standard_content
from edge.bench.timing import time_invocations, warm_up
from edge.inference.interpreter import ImageInterpreter
from edge.inference.label_photos import label_photos
from edge.preprocess import preprocess
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.progress import Progress

_MODEL = "mobilenet_0.50_160"
_ROUNDS = 7
_PHOTOS = 150
_FLOWERS = 24  # of each kind


class Ratio(NamedTuple):
    """One check: what over what, how often as long it takes, and the limits between which that is no surprise."""

    name: str
    value: float
    low: float
    high: float
    noisy: bool = False

    @property
    def within(self) -> bool:
        """Whether the ratio lies between its limits."""
        return self.low <= self.value <= self.high

    @property
    def text(self) -> str:
        """The line of a table."""
        said = "ok" if self.within else "BEYOND its limits: look at it"
        noise = f", noisy: the rounds differ by {100 * NOISY_SPREAD:.0f} % or more" if self.noisy else ""
        return f"{self.value:8.2f}  ({self.low:g} to {self.high:g})  {self.name}: {said}{noise}"


def smoke(progress: Progress) -> Iterable[Ratio]:
    """Measure one ratio after the other."""
    checks: list[Callable[[Path], Ratio]] = [_quantizations, _loop, _cold_start, _folder, _second_retrain]
    with tempfile.TemporaryDirectory() as name, progress.stage("smoke", len(checks)) as advance:
        for check in checks:
            folder = Path(name) / check.__name__
            folder.mkdir()
            yield check(folder)
            advance(1)


def _quantizations(folder: Path) -> Ratio:
    steps = []
    for quantization in ("int8", "float32"):
        model = load_model(standard_content(f"{_MODEL}-{quantization}.tflite"))
        made = ImageInterpreter(model).steps(preprocess(draw_photo(), model.input_size))
        warm_up(made, 0.05)
        steps.append(made)
    times: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for found, made in zip(times, steps, strict=True):
            found.append(median(time_invocations(made, 0.2)))
    return _ratio(f"one inference of {_MODEL}, int8 over float32", pairs(*times), 0.1, 20)


def _loop(folder: Path) -> Ratio:
    path = folder / f"{_MODEL}-int8.tflite"
    path.write_bytes(standard_content(path.name))
    return Ratio("the timed loop of edge bench over a bare one", 1 + overhead(path, blocks=50)["overhead"], 0.9, 1.2)


def _cold_start(folder: Path) -> Ratio:
    (row,) = compare(_ROUNDS, False, Progress())
    return Ratio("edge label of one photo over importing numpy and Pillow", row["ratio"], 1, 4, row["noisy"])


def _folder(folder: Path) -> Ratio:
    model = load_model(standard_content(f"{_MODEL}-int8.tflite"))
    (folder / "photo.jpg").write_bytes(draw_photo())
    photos = [folder / "photo.jpg"] * _PHOTOS
    ours, floor = [], []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for _ in label_photos(model, photos):
            pass
        ours.append(time.perf_counter() - started)
        floor.append(decode_s(photos, model.input_size) + inference_s(model, photos))
    return _ratio("labelling a folder over decoding and inference alone", pairs(ours, floor), 0.4, 3)


def _second_retrain(folder: Path) -> Ratio:
    for _ in draw_flower_folder(folder / "photos", _FLOWERS):
        pass
    command = ["retrain", str(folder / "photos"), "--weights", "random", "--architecture", _MODEL, "--no-unknown"]
    command += ["--output", str(folder / "model.tflite"), "--bottleneck-dir", str(folder / "cache")]
    first, second = (run_trainer(*command).seconds for _ in range(2))
    return Ratio("a second retrain over the first", second / first, 0.02, 1.05)


def _ratio(name: str, found: Pairs, low: float, high: float) -> Ratio:
    return Ratio(name, found.ratio, low, high, found.noisy)
