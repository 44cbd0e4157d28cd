"""``--keep-classes``: a class is taught beside those that the backbone's file remembers."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from edge.errors import DataError, UsageError
from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.bottlenecks.remembered import read_remembered, require_remembered
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all


@pytest.fixture
def old(options: RetrainOptions, tmp_path: Path) -> Path:
    """A model of blue and green that remembers six bottlenecks of each; their photos are gone."""
    red = tmp_path / "kept" / "red"
    red.parent.mkdir()
    shutil.move(options.folder / "red", red)
    (model,) = retrain_all(dataclasses.replace(options, output=tmp_path / "old.tflite", remember=6), Progress())
    shutil.rmtree(options.folder)
    shutil.move(red.parent, options.folder)
    return model.path


def beside(options: RetrainOptions, old: Path, **changes: object) -> RetrainOptions:
    """Teach what is in the folder beside the classes of ``old``."""
    return dataclasses.replace(
        options,
        weights=None,
        backbone=old,
        keep_classes=True,
        **changes,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("final", [False, True])
def test_a_new_class_stands_beside_the_old_ones(options: RetrainOptions, old: Path, final: bool) -> None:
    """The file knows all three classes, says nothing of its accuracy, and remembers all three."""
    (model,) = retrain_all(beside(options, old, final=final, remember=6), Progress())
    file = ModelFile.load(model.path)
    assert file.labels == ("blue", "green", "red")
    assert model.accuracy is None
    assert require_remembered(read_remembered(file), "new").counts == {"blue": 6, "green": 6, "red": 6}
    classifier = Classifier(file)
    answers = [
        classifier.classify(tiny.paint(label, index)).label for label in tiny.COLOURS for index in range(100, 120)
    ]
    right = [
        answer == label for answer, label in zip(answers, [x for x in tiny.COLOURS for _ in range(20)], strict=True)
    ]
    assert sum(right) >= 57


def test_a_file_that_remembers_nothing_is_refused(options: RetrainOptions, tmp_path: Path) -> None:
    """The message says how the file could remember."""
    (model,) = retrain_all(dataclasses.replace(options, output=tmp_path / "old.tflite"), Progress())
    with pytest.raises(DataError, match="does not remember its classes"):
        retrain_all(beside(options, model.path), Progress())


@pytest.mark.parametrize("option", ["cross_validate", "learning_curve"])
def test_figures_that_cannot_see_the_old_classes_are_refused(options: RetrainOptions, old: Path, option: str) -> None:
    """Cross-validation and learning curve would count only the classes that have photos."""
    with pytest.raises(UsageError, match="would not see the kept classes"):
        retrain_all(beside(options, old, **{option: True}), Progress())


def test_keeping_classes_needs_a_backbone(options: RetrainOptions) -> None:
    """Without --backbone there is nothing to keep."""
    with pytest.raises(UsageError, match="--keep-classes needs --backbone FILE"):
        retrain_all(dataclasses.replace(options, keep_classes=True), Progress())
