"""Evaluation of a model file, through the edge package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import DatasetError
from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.paths import DATA
from trainer.evaluation.evaluate import evaluate_photos
from trainer.photos.dataset import Photo


@pytest.fixture(scope="module")
def model() -> ModelFile:
    """The tiny int8 model of the three colours."""
    return ModelFile.load(DATA / "tiny-int8.tflite")


def photos_in(root: Path) -> list[Photo]:
    """All photos below ``root``, by class folder."""
    paths = sorted(root.rglob("*.png"))
    return [Photo(path, path.relative_to(root).as_posix(), path.parent.name, b"", "test", path.name) for path in paths]


def test_confusion_counts_each_photo_where_the_classifier_puts_it(model: ModelFile, photos: Path) -> None:
    """Rows are true classes, columns are answers, and accuracy is the share on the diagonal."""
    listed = photos_in(photos)
    wrong = [photo._replace(label="red") if photo.label == "blue" else photo for photo in listed]
    classifier = Classifier(model)
    answers = [classifier.classify(photo.path).best.label for photo in wrong]
    evaluation = evaluate_photos(model, wrong)
    assert evaluation.labels == ("blue", "green", "red")
    for row, label in enumerate(evaluation.labels):
        for column, answer in enumerate(evaluation.labels):
            expected = sum(p.label == label and a == answer for p, a in zip(wrong, answers, strict=True))
            assert evaluation.confusion[row, column] == expected
    assert evaluation.count == 36
    assert evaluation.accuracy == np.mean([p.label == a for p, a in zip(wrong, answers, strict=True)])
    assert evaluation.accuracy < 0.7


def test_results_are_in_the_order_of_the_photos_with_every_label(model: ModelFile, photos: Path) -> None:
    """Each result belongs to the photo at its place and ranks all labels."""
    listed = photos_in(photos)[::-1]
    evaluation = evaluate_photos(model, listed, threads=3)
    assert [result.path for result in evaluation.results] == [photo.path for photo in listed]
    assert {len(result.classification.categories) for result in evaluation.results} == {3}


def test_bad_photo_counts_nowhere_but_is_named(model: ModelFile, photos: Path) -> None:
    """A photo that cannot be decoded is neither right nor wrong."""
    (photos / "red" / "003.png").write_bytes(b"oops")
    steps: list[int] = []
    evaluation = evaluate_photos(model, photos_in(photos), steps.append)
    assert evaluation.count == 35
    errors = [result for result in evaluation.results if result.error]
    assert [error.path.name for error in errors] == ["003.png"]
    assert sum(steps) == 36


def test_class_without_a_label_is_named(model: ModelFile, photos: Path) -> None:
    """Photos of a class that the model cannot name are an error with both lists."""
    (photos / "red").rename(photos / "violet")
    with pytest.raises(DatasetError, match="the model has no label violet; its labels: blue, green, red"):
        evaluate_photos(model, photos_in(photos))


def test_nothing_to_evaluate_is_an_error(model: ModelFile, photos: Path) -> None:
    """No photos, or none that decodes, is no accuracy of 0."""
    for path in photos.rglob("*.png"):
        path.write_bytes(b"oops")
    for listed in ([], photos_in(photos)):
        with pytest.raises(DatasetError, match="no photo can be evaluated"):
            evaluate_photos(model, listed)


def test_tiny_models_name_colours_they_were_not_trained_on(tmp_path: Path) -> None:
    """The models in tests/data are good enough for other tests to rely on them."""
    fresh = photos_in(tiny.paint_folder(tmp_path, 20, seed=77))
    for name in ("tiny-int8", "tiny-float32"):
        assert evaluate_photos(ModelFile.load(DATA / f"{name}.tflite"), fresh).accuracy >= 0.95
