"""Two retrainings into one cache at the same time, and photos that vanish on the way: nothing is lost."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trainer.photos.photo_files import PhotoFolder
from trainer.progress import SILENT, Progress
from trainer.retraining import examples
from trainer.retraining import retrain_all as module
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all


def test_two_retrainings_share_one_cache(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both write the file that one alone writes, and a third one finds everything computed."""
    monkeypatch.setattr(examples, "MOST_IN_MEMORY", 10)
    outputs = [dataclasses.replace(options, output=options.output.with_name(f"{name}.tflite")) for name in "abc"]
    with ThreadPoolExecutor(2) as pool:
        (first,), (second,) = pool.map(lambda chosen: retrain_all(chosen, SILENT), outputs[:2])
    (third,) = retrain_all(outputs[2], SILENT)
    assert third.computed_bottlenecks == 0
    assert first.path.read_bytes() == second.path.read_bytes() == third.path.read_bytes()


def test_a_photo_that_vanishes_is_skipped(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was listed, and is gone when it is read: it is named, the others train, and the next run does without it."""
    gone: list[Path] = []

    def list_and_delete(root: Path, layout: str, progress: Progress) -> PhotoFolder:
        folder = list_photos(root, layout, progress)
        gone.append(folder.files[0].path)
        gone[-1].unlink()
        return folder

    list_photos = module.list_photos
    monkeypatch.setattr(module, "list_photos", list_and_delete)
    (model,) = retrain_all(options, SILENT)
    relative = gone[0].relative_to(options.folder).as_posix()
    assert [(entry.path, entry.reason) for entry in model.dataset.skipped] == [
        (relative, "cannot be read: No such file or directory")
    ]
    assert relative not in {photo.relative for photo in model.dataset.photos}
