"""Time and peak memory of whole commands of the trainer, each a process of its own, as photos and classes grow."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.measured_process import run_trainer
from benchmarks.speed.scale.drawn_folder import draw_folder
from benchmarks.speed.scale.mixture import Mixture
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.groups.modes import GROUPS_AUTO
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import SplitRatios
from trainer.progress import Progress

COMMANDS = ("bottlenecks", "retrain", "evaluate")
TESTING = "5"
"""The percentage of test photos: each is labelled by the file, which takes the time of as many inferences."""

_FIGURES = ("promised_accuracy", "l2", "training_steps", "independent")


def measure(
    image_dir: Path,
    architecture: Architecture,
    sizes: list[tuple[int, int]],
    groups: str,
    commands: list[str],
    place: Path | None,
    progress: Progress,
    *,
    report: bool = True,
    copies: float = 0.0,
) -> list[dict[str, Any]]:
    """One row for each of ``sizes``, (photos, classes), and each of ``commands``: seconds and peak memory.

    The bottlenecks of the photos in ``image_dir`` show what drawn ones are like; the share ``copies`` of them are near
    copies of others. Photos and caches are written to a folder in ``place`` and deleted; None: in that of temporary
    files. With ``report``, ``retrain`` cross-validates and forecasts too.
    """
    rows = []
    with tempfile.TemporaryDirectory(dir=place) as own:
        mixture = _fit(image_dir, architecture, Path(own) / "cache", progress)
    for photos, classes in sizes:
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            cache, folder, model = (Path(scratch) / name for name in ("cache", "photos", "model.tflite"))
            (backbone,) = load_backbones(cache, architecture, None, ("int8",))
            with progress.stage(f"{photos:,} photos, {classes:,} classes", photos) as advance:
                extractor = FeatureExtractor(backbone, cache)
                looks = groups == GROUPS_AUTO
                draw_folder(folder, extractor, mixture, photos, classes, advance, with_looks=looks, copies=copies)
            own_cache = ["--architecture", architecture.name, "--bottleneck-dir", str(cache)]
            arguments = {
                "bottlenecks": ["bottlenecks", str(folder), *own_cache],
                "retrain": [
                    *("retrain", str(folder), *own_cache, "--output", str(model), "--groups", groups),
                    *("--testing-percentage", TESTING, "--json"),
                    *(["--report"] if report else []),
                ],
                "evaluate": ["evaluate", str(model), str(folder), "--groups", groups, "--report", "--json"],
            }
            for command in commands:
                with tempfile.TemporaryFile() as output:
                    usage = run_trainer(*arguments[command], output=output)
                    output.seek(0)
                    figures = json.load(output) if command == "retrain" else None
                row = {
                    "photos": photos,
                    "classes": classes,
                    "architecture": architecture.name,
                    "groups": groups,
                    "copies": copies,
                    "report": report,
                    "command": command,
                    "seconds": round(usage.seconds, 1),
                    "processor_seconds": round(usage.processor_seconds, 1),
                    "peak_memory_bytes": usage.peak_memory_bytes,
                }
                if figures:
                    row |= {name: figures["models"][0][name] for name in _FIGURES}
                rows.append(row)
                progress.message(json.dumps(row))
    return rows


def _fit(image_dir: Path, architecture: Architecture, cache: Path, progress: Progress) -> Mixture:
    (backbone,) = load_backbones(cache, architecture, None, ("int8",))
    extractor = FeatureExtractor(backbone, cache, progress=progress)
    folder = list_photos(image_dir)
    dataset = assemble(folder, compute_bottlenecks(extractor, folder).contents, SplitRatios(), training=False)
    return Mixture.of(load_labelled(extractor, dataset, dataset.photos))
