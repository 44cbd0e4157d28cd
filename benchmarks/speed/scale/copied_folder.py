"""Real photos and altered copies of them, up to any number of files, and the whole commands over these."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.speed.measured_process import run_trainer
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.photos.folder import list_photos
from trainer.progress import Advance, Progress

Alter = Callable[[Image.Image, random.Random], Image.Image]

_QUALITY = 90  # of the copies' JPEG


def copy_folder(image_dir: Path, folder: Path, files: int, alter: Sequence[Alter], advance: Advance) -> None:
    """Write the photos of ``image_dir`` to ``folder``, and altered copies of one after the other up to ``files`` files.

    The names of copies say nothing, and the copies are the same every time.
    """
    photos = list_photos(image_dir).files
    for file in photos:
        path = folder / file.label / file.path.name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, path)
    advance(len(photos))
    dice, ways = random.Random(0), cycle(alter)
    for _, file, way in zip(range(files - len(photos)), cycle(photos), ways, strict=False):
        with Image.open(file.path) as picture:
            altered = way(picture.convert("RGB"), dice)
        altered.save(folder / file.label / f"{dice.randrange(2**48):012x}.jpg", quality=_QUALITY)
        advance(1)


def measure_copies(
    image_dir: Path,
    architecture: Architecture,
    files: int,
    alter: Sequence[Alter],
    place: Path | None,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Time and peak memory of each whole command over ``files`` real photos and copies, nothing cached before."""
    rows = []
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        folder, cache, model = (Path(scratch) / name for name in ("photos", "cache", "model.tflite"))
        with progress.stage("copies", files) as advance:
            copy_folder(image_dir, folder, files, alter, advance)
        load_backbones(cache, architecture, None, ("int8",))
        own_cache = ["--architecture", architecture.name, "--bottleneck-dir", str(cache)]
        for command, *arguments in (
            ["bottlenecks", str(folder), *own_cache],
            ["retrain", str(folder), *own_cache, "--output", str(model), "--report"],
            ["retrain", str(folder), *own_cache, "--output", str(model), "--report"],
            ["evaluate", str(model), str(folder), "--report"],
        ):
            usage = run_trainer(command, *arguments)
            figures = {name: round(value, 1) for name, value in usage._asdict().items()}
            rows.append({"photos": files, "architecture": architecture.name, "command": command, **figures})
    return rows
