"""Hostile models for ``edge inspect`` and ``edge label``, with both interpreters, each in processes of its own.

The tiny models of the tests have few kernels, so two MobileNets with random weights are changed too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.device.hostile.case import CaseResult
from benchmarks.device.hostile.edge_on_files import FileCase, run_edge
from benchmarks.device.hostile.model_changes import changed_models, changed_networks
from benchmarks.device.hostile.pictures import good_pictures
from benchmarks.device.stream import MODEL
from edge.inference.interpreter import RUNTIME_VARIABLE, installed_runtimes
from trainer.backbones.architectures import Architecture
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

_MODELS = ("tiny-int8", "tiny-gated")
_QUANTIZATIONS = ("int8", "float32")
_PHOTOS = 12  # of each class


def cases(folder: Path, seed: int) -> Iterator[CaseResult]:
    """Inspect the changes of :mod:`~benchmarks.device.hostile.model_changes` with each interpreter here."""
    photo = folder / "photo.png"
    photo.write_bytes(good_pictures()["PNG"])
    models = {name: (MODEL.parent / f"{name}.tflite").read_bytes() for name in _MODELS}
    random, made = Random(seed), []
    for number, model in enumerate([*changed_models(models, random), *changed_networks(_networks(folder), random)]):
        path = folder / f"{number}.tflite"
        path.write_bytes(model.content)
        label = ["label", "--reject", "--model", str(path), "--threads", "1", str(photo)]
        made.append(FileCase(model.name, label if model.reject else ["inspect", str(path)], model.expected))
    for runtime in installed_runtimes():
        named = [case._replace(name=f"{runtime}: {case.name}") for case in made]
        yield from run_edge("models", named, {RUNTIME_VARIABLE: runtime})


def _networks(folder: Path) -> dict[str, bytes]:
    """An int8 and a float32 MobileNet, with remembered bottlenecks."""
    photos = folder / "photos"
    list(draw_flower_folder(photos, _PHOTOS, size=160))
    options = RetrainOptions(
        folder=photos,
        output=folder / "network.tflite",
        bottleneck_dir=folder / "cache",
        architecture=Architecture(0.25, 128),
        quantizations=_QUANTIZATIONS,
        weights="random",
        remember=5,
        unknown=None,
    )
    made = retrain_all(options, Progress())
    return {f"MobileNet {name}": model.path.read_bytes() for name, model in zip(_QUANTIZATIONS, made, strict=True)}
