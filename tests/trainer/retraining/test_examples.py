"""More photos than fit into memory: the head is fitted on a file of all of them, the rest on a sample."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from trainer.photos.split import SPLITS, TEST, TRAINING
from trainer.progress import SILENT, Progress
from trainer.report.content import training_content
from trainer.report.page import render_page
from trainer.retraining import examples
from trainer.retraining.examples import spread_over_classes
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than ten photos fit into memory, and a sample has eighteen."""
    monkeypatch.setattr(examples, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(examples, "_RANGES", 7)
    monkeypatch.setattr(examples, "SAMPLES", {TRAINING: 12, "validation": 3, TEST: 3})


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(0, 70))
def test_each_class_gives_the_same_share(labels: list[int], count: int) -> None:
    """No place comes twice, each class that is there has one, and no class has more than its share and one."""
    found = np.array(labels, np.intp)
    places = spread_over_classes(found, count)
    assert sorted(set(places.tolist())) == places.tolist()
    assert set(found[places]) == set(labels)
    for label in set(labels):
        share = min(count, len(labels)) * labels.count(label) / len(labels)
        assert (found[places] == label).sum() <= share + 2


def test_a_model_comes_out_of_a_file(options: RetrainOptions, little_memory: None) -> None:
    """The head was fitted on all training photos, all test photos are evaluated, a line says what came of a part."""
    messages: list[str] = []
    options = dataclasses.replace(options, quantizations=("float32",), cross_validate=True)
    (model,) = retrain_all(options, Progress(None, messages.append))
    training = len(model.dataset.of(TRAINING))
    (line,) = [message for message in messages if "more than 10 photos" in message]
    assert f"all of the {training} training photos; " in line
    assert line.endswith(f"the cross-validation come from {len(model.sample.photos)} photos")
    assert len(model.sample.photos) < len(model.dataset.photos)
    assert model.evaluation.count == len(model.dataset.test_photos)
    assert model.promised_accuracy == pytest.approx(model.accuracy)
    assert run_self_test(Classifier(ModelFile.load(model.path))).passed
    assert model.cross_validation.photos == len(model.sample.photos)
    content = training_content(model, [])
    assert content.doubtful_labels.photos == len(model.sample.photos)
    assert render_page(content).startswith("<!doctype html>")


def test_it_labels_as_a_fit_in_memory_does(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sample is all photos, only the arithmetic differs: the same penalty, and scores within a thousandth."""
    options = dataclasses.replace(options, quantizations=("float32",), unknown=None)
    (whole,) = retrain_all(options, SILENT)
    monkeypatch.setattr(examples, "MOST_IN_MEMORY", 10)
    (stored,) = retrain_all(dataclasses.replace(options, output=options.output.with_name("stored.tflite")), SILENT)
    assert (whole.sample, stored.sample.photos) == (None, stored.dataset.photos)
    assert stored.fit.l2 == whole.fit.l2
    scores, wanted = (
        np.stack([Classifier(ModelFile.load(model.path)).scores(photo.path) for photo in model.dataset.photos[:6]])
        for model in (stored, whole)
    )
    assert np.abs(scores - wanted).max() < 0.01


def test_final_and_copies_come_out_of_a_file(options: RetrainOptions, little_memory: None) -> None:
    """The last fit takes all photos of all splits, and augmented copies of them."""
    options = dataclasses.replace(options, quantizations=("float32",), final=True, augment=1, remember=2)
    (model,) = retrain_all(options, SILENT)
    known = ModelFile.load(model.path).manifest.known_photos
    assert (known.training, known.validation) == (len(model.dataset.photos), 0)
    assert set(model.dataset.counts()["red"]) == set(SPLITS)


def test_the_same_photos_give_the_same_file(options: RetrainOptions, little_memory: None) -> None:
    """Two runs on one machine write the same bytes."""
    paths = [options.output.with_name(f"{name}.tflite") for name in "ab"]
    for path in paths:
        retrain_all(dataclasses.replace(options, output=path), SILENT)
    assert paths[0].read_bytes() == paths[1].read_bytes()
