"""Fitting the gate: its threshold is what it says, and the device decides as the trainer does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.head.gate import LEAST_PHOTOS, PER_CLASS, best_scores, fit_gate
from trainer.head.linear import Head
from trainer.photos.split import VALIDATION
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

QUIET = Progress()


def clusters(photos: int, seed: int, labels: int = 3, features: int = 20) -> Labelled:
    """Positive features of ``labels`` classes, each around a direction of its own."""
    random = np.random.default_rng(seed)
    of_class = np.arange(photos) % labels
    centres = np.random.default_rng(7).uniform(0, 4, (labels, features))
    drawn = np.abs(centres[of_class] + random.normal(0, 0.5, (photos, features)))
    return Labelled(drawn.astype(np.float32), of_class)


def some_head(labels: int = 3, features: int = 20) -> Head:
    """A head with small random weights."""
    random = np.random.default_rng(1)
    return Head(random.normal(0, 0.3, (features, labels)), np.zeros(labels))


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_threshold_lets_19_of_20_validation_photos_through(quantization: str) -> None:
    """Of 100 validation photos the gate accepts 95, and of pictures in other directions next to none."""
    training, validation, head = clusters(300, 0), clusters(100, 1), some_head()
    gate = fit_gate(training, validation, head, quantization)
    assert gate is not None
    scores = best_scores(head, validation.features, quantization)
    assert (gate.familiarity(validation.features, scores) >= gate.threshold).sum() == 95
    strange = np.abs(np.random.default_rng(2).normal(0, 1, (100, 20)) ** 3).astype(np.float32)
    accepted = gate.familiarity(strange, best_scores(head, strange, quantization)) >= gate.threshold
    assert accepted.mean() <= 0.02


def test_same_photos_same_gate() -> None:
    """The gate has nothing random in it."""
    first, second = (fit_gate(clusters(300, 0), clusters(100, 1), some_head(), "int8") for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.to_bytes() == second.to_bytes()
    assert first[2:] == second[2:]


def test_few_validation_photos_make_no_gate() -> None:
    """A twentieth of 19 photos is less than one: no gate."""
    assert fit_gate(clusters(60, 0), clusters(LEAST_PHOTOS - 1, 1), some_head(), "int8") is None
    assert fit_gate(clusters(60, 0), clusters(LEAST_PHOTOS, 1), some_head(), "int8") is not None


@pytest.mark.parametrize(("labels", "prototypes"), [(3, 3 * PER_CLASS), (16, 64), (100, 100)])
def test_number_of_prototypes(labels: int, prototypes: int) -> None:
    """Each class has eight, fewer if there are many classes, and at least one."""
    training = clusters(labels * 20, 0, labels)
    gate = fit_gate(training, clusters(200, 1, labels), some_head(labels), "int8")
    assert gate is not None
    assert gate.prototypes.shape == (prototypes, 20)
    assert gate.prototypes.dtype == np.int8


def test_class_of_fewer_photos_than_prototypes() -> None:
    """Each photo of a small class is a prototype itself."""
    training = clusters(9, 0)
    gate = fit_gate(training, clusters(30, 1), some_head(), "float32")
    assert gate is not None
    assert len(gate.prototypes) == 9


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_photos_all_alike(value: float) -> None:
    """Features without any difference, dead ones too, make a gate of finite numbers that accepts them."""
    same = Labelled(np.full((40, 20), value, np.float32), np.arange(40) % 3)
    gate = fit_gate(same, same, some_head(), "int8")
    assert gate is not None
    familiarity = gate.familiarity(same.features, best_scores(some_head(), same.features, "int8"))
    assert np.isfinite(familiarity).all()
    assert (familiarity >= gate.threshold - 1e-6).all()


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_device_decides_as_the_trainer_did(options: RetrainOptions, tmp_path: Path, quantization: str) -> None:
    """The finished file rejects just those validation photos that the trainer counted as beyond the threshold.

    The one computes the bottlenecks together with the head, the other without: at the threshold itself they may differ.
    """
    options = dataclasses.replace(
        options, folder=tiny.paint_folder(tmp_path / "more", 40), quantizations=(quantization,)
    )
    (model,) = retrain_all(options, QUIET)
    photos = model.dataset.of(VALIDATION)
    loaded = ModelFile.load(model.path)
    assert loaded.manifest is not None
    assert loaded.manifest.gate is not None
    classifier = Classifier(loaded, runtime="litert", reject=True)
    rejected = [classifier.classify(photo.path).rejected for photo in photos]
    assert 0 < sum(map(bool, rejected)) <= len(photos) / 20 + 1
    extractor = FeatureExtractor(model.backbone, options.bottleneck_dir)
    features = extractor.load([photo.sha256 for photo in photos])
    scores = np.array([classifier.scores(photo.path).max() for photo in photos])
    familiarity = classifier._gate.familiarity(features, scores)
    beyond = loaded.manifest.gate.threshold - familiarity
    clear = np.abs(beyond) > 1e-3
    assert clear.sum() >= len(photos) - 1
    assert (np.array(rejected) == (beyond > 0))[clear].all()
