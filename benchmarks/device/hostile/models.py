"""Hostile models for ``edge inspect`` and ``edge label``, with both interpreters, each in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.device.hostile.case import CaseResult
from benchmarks.device.hostile.edge_on_files import FileCase, run_edge
from benchmarks.device.hostile.model_changes import changed_models
from benchmarks.device.hostile.pictures import good_pictures
from benchmarks.device.stream import MODEL
from edge.inference.interpreter import RUNTIME_VARIABLE, installed_runtimes

_MODELS = ("tiny-int8", "tiny-gated")


def cases(folder: Path, seed: int) -> Iterator[CaseResult]:
    """Inspect each of :func:`~benchmarks.device.hostile.model_changes.changed_models` with each interpreter here."""
    photo = folder / "photo.png"
    photo.write_bytes(good_pictures()["PNG"])
    models = {name: (MODEL.parent / f"{name}.tflite").read_bytes() for name in _MODELS}
    made = []
    for number, model in enumerate(changed_models(models, Random(seed))):
        path = folder / f"{number}.tflite"
        path.write_bytes(model.content)
        label = ["label", "--reject", "--model", str(path), "--threads", "1", str(photo)]
        made.append(FileCase(model.name, label if model.reject else ["inspect", str(path)], model.expected))
    for runtime in installed_runtimes():
        named = [case._replace(name=f"{runtime}: {case.name}") for case in made]
        yield from run_edge("models", named, {RUNTIME_VARIABLE: runtime})
