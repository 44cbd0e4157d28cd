"""The accuracy that retraining prints comes from cached bottlenecks, and is that of the written file all the same."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.modelfile.model_file import ModelFile
from support.toy_networks import classifier
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.evaluation import evaluate
from trainer.evaluation.score_photos import ScoredPhoto
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


def refuse(*arguments: object, **options: object) -> Iterator[ScoredPhoto]:
    """No photo may go through the whole file."""
    raise AssertionError("the whole file labels photos")


def check_accuracy(model: Retrained) -> None:
    """The evaluation is the one that the written file has if it reads every test photo."""
    loaded = ModelFile.load(model.path)
    assert loaded.manifest is not None and loaded.manifest.gate is not None
    again = evaluate.evaluate_photos(loaded, model.dataset.test_photos)
    assert (model.evaluation.confusion == again.confusion).all()
    assert list(model.evaluation.answered()) == list(again.answered())
    assert loaded.manifest.accuracy == round(again.accuracy, 6)


@pytest.mark.parametrize("kind", ["int8", "float32", "uint8 of another project"])
def test_no_test_photo_goes_through_the_whole_file(
    options: RetrainOptions, large_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """But for the few that are checked: the answers are those of the whole file."""
    if kind in ("int8", "float32"):
        options = dataclasses.replace(options, quantizations=(kind,))
    else:
        network = tmp_path / "theirs.tflite"
        network.write_bytes(classifier("uint8"))
        options = dataclasses.replace(options, backbone=network, weights=None)
    messages: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(evaluate, "score_photos", refuse)
        (model,) = retrain_all(dataclasses.replace(options, folder=large_photos), Progress(on_message=messages.append))
    assert not [line for line in messages if "whole file" in line]
    check_accuracy(model)


def test_bottlenecks_of_another_machine_are_noticed(options: RetrainOptions, large_photos: Path) -> None:
    """If the cache has sound bottlenecks that this file does not give, the whole file is evaluated, and a line says so.

    The head that they taught is what it is; what is printed of it is true.
    """
    options = dataclasses.replace(options, folder=large_photos)
    retrain_all(options, Progress())
    with contextlib.closing(sqlite3.connect(options.bottleneck_dir / FILE_NAME)) as database, database:
        rows = database.execute("SELECT artifact, image, vector FROM bottlenecks").fetchall()
        changed = [(*keys, bytes(value ^ 1 for value in vector)) for *keys, vector in rows]
        database.executemany(
            "UPDATE bottlenecks SET vector = ?, checksum = ? WHERE artifact = ? AND image = ?",
            [(vector, zlib.crc32(vector), artifact, image) for artifact, image, vector in changed],
        )
    messages: list[str] = []
    (model,) = retrain_all(options, Progress(on_message=messages.append))
    assert len([line for line in messages if "evaluated by the whole file" in line]) == 1
    assert model.computed_bottlenecks == 0
    check_accuracy(model)
