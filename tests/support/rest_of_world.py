"""Runs of ``trainer retrain`` with a class for the rest of the world, and photos of other things for them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.progress import SILENT, Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


def retrained(options: RetrainOptions, messages: list[str] | None = None, **changes: object) -> Retrained:
    """One retraining."""
    progress = SILENT if messages is None else Progress(None, messages.append)
    return retrain_all(dataclasses.replace(options, **changes), progress)[0]


def other_things(folder: Path, count: int = 40) -> Path:
    """Drawn flowers, which are no plain colours; their files are the same with every release of zlib."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        draw_flower(KINDS[index % len(KINDS)], index, 64).save(folder / f"{index:03d}.png", compress_level=0)
    return folder
