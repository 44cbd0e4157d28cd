"""Evaluation of a model file, through the edge package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import DatasetError
from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from support import surgery, tiny
from support.paths import DATA
from support.surgery import Patient
from trainer.evaluation.evaluate import evaluate_photos
from trainer.evaluation.interval import wilson_interval
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


def test_answers_outside_the_folders_classes_are_wrong(model: ModelFile, photos: Path) -> None:
    """The model may answer any of its labels; photos of one class alone can be labelled wrongly too."""
    listed = [photo._replace(label="red") for photo in photos_in(photos) if photo.label != "red"]
    evaluation = evaluate_photos(model, listed)
    assert evaluation.count == 24
    assert evaluation.accuracy < 0.2
    assert evaluation.confusion[2].sum() == 24


def test_a_group_counts_as_one_photo(model: ModelFile, photos: Path) -> None:
    """Ten photos of one scene and two others are three witnesses; the confusion matrix counts photos."""
    listed = [photo for photo in photos_in(photos) if photo.label == "blue"]
    wrong = {"blue/003.png", "blue/011.png"}
    listed = [
        photo._replace(
            label="red" if photo.relative in wrong else "blue",
            group="a" if place < 10 else photo.relative,
        )
        for place, photo in enumerate(listed)
    ]
    evaluation = evaluate_photos(model, listed)
    assert (evaluation.count, evaluation.right, evaluation.independent) == (12, 10, 3)
    assert evaluation.accuracy == pytest.approx((0.9 + 1 + 0) / 3)
    assert evaluation.interval == wilson_interval(1.9, 3)


def test_decomposed_labels_are_composed_classes(photos: Path) -> None:
    """A model that was trained on macOS has the classes of a folder that another system wrote, and the reverse."""
    content = Patient(surgery.tiny()).foreign("bla\u0308u\ngreen\nred\n").content
    model = ModelFile.from_bytes(content)
    listed = photos_in(photos)
    for name in ("bl\u00e4u", "bla\u0308u"):
        named = [photo._replace(label=name if photo.label == "blue" else photo.label) for photo in listed]
        evaluation = evaluate_photos(model, named)
        assert evaluation.labels == ("bl\u00e4u", "green", "red")
        assert evaluation.accuracy > 0.9
        answers = {answer.categories[0].label for _, answer in evaluation.classified()}
        assert answers == {photo.label for photo in evaluation.photos} == set(evaluation.labels)


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
