"""Fitting the gate: its threshold is what it says, and the device decides as the trainer does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge.inference.classifier import Classifier
from edge.inference.gate import Gate, load_gate
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.head import folds as folds_module
from trainer.head.calibration import Calibration
from trainer.head.class_prototypes import PER_CLASS
from trainer.head.fit import fit_again
from trainer.head.folds import Folds
from trainer.head.gate import LEAST_PHOTOS, GateShapes, best_scores, fit_gate, gate_shapes
from trainer.head.linear import Head
from trainer.photos.split import VALIDATION
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

QUIET = Progress()


def clusters(photos: int, seed: int, labels: int = 3, features: int = 40) -> Labelled:
    """Positive features of ``labels`` classes, each around a direction of its own."""
    random = np.random.default_rng(seed)
    of_class = np.arange(photos) % labels
    centres = np.random.default_rng(7).uniform(0, 4, (labels, features))
    drawn = np.abs(centres[of_class] + random.normal(0, 0.5, (photos, features)))
    return Labelled(drawn.astype(np.float32), of_class)


def calibration_of(data: Labelled, labels: int = 3) -> Calibration:
    """A calibrated head with the penalty 0.1."""
    head = fit_again(data, labels, 0.1, 50)
    return Calibration(Head(head.weights / 2, head.bias / 2), 2.0, None, 0.95)


def folds_of(data: Labelled, labels: int = 3, only_teaching: int = 0) -> Folds:
    """``data`` in five parts; the last ``only_teaching`` photos are in none."""
    assigned = np.arange(len(data.labels)) // labels % 5
    assigned[len(assigned) - only_teaching :] = -1
    return Folds(data, assigned, 5, labels, 50)


def fitted(data: Labelled, labels: int = 3, quantization: str = "int8", **options: object) -> Gate:
    """The gate of a model that ``data`` trained."""
    folds = folds_of(data, labels)
    shapes = gate_shapes(data, folds, **options)  # type: ignore[arg-type]
    assert shapes is not None
    gate = fit_gate(shapes, calibration_of(data, labels), 0.1, folds, quantization)
    assert gate.distance is not None
    return gate


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_threshold_lets_19_of_20_new_photos_through(quantization: str) -> None:
    """About a twentieth of photos that nothing was fitted on is rejected, and pictures in other directions are too."""
    data = clusters(600, 0)
    gate, head = fitted(data, quantization=quantization), calibration_of(data).head
    new = clusters(2000, 1)
    familiarity = gate.familiarity(new.features, best_scores(head, new.features, quantization))
    assert (familiarity < gate.least).mean() == pytest.approx(0.05, abs=0.02)
    strange = np.abs(np.random.default_rng(2).normal(0, 1, (100, 40)) ** 3).astype(np.float32)
    accepted = gate.familiarity(strange, best_scores(head, strange, quantization)) >= gate.least
    assert accepted.mean() <= 0.02


def test_gate_without_its_distance_lets_19_of_20_new_photos_through() -> None:
    """A release that does not know the distance reads a threshold of its own."""
    data = clusters(600, 0)
    gate = fitted(data)._replace(distance=None)
    new = clusters(2000, 1)
    familiarity = gate.familiarity(new.features, best_scores(calibration_of(data).head, new.features, "int8"))
    assert gate.least == gate.threshold
    assert (familiarity < gate.threshold).mean() == pytest.approx(0.05, abs=0.02)


def test_pictures_of_other_things_are_far() -> None:
    """Photos with more in them, whose direction and scores are those of a class, are rejected for their distance."""
    data = clusters(600, 0)
    gate = fitted(data)
    strange, scores = 1.5 * data.features[:100], np.full(100, 0.99)
    assert (gate._replace(distance=None).familiarity(strange, scores) >= gate.threshold).mean() > 0.9
    assert (gate.familiarity(strange, scores) >= gate.least).mean() < 0.1


def test_same_photos_same_gate() -> None:
    """The gate has nothing random in it."""
    first, second = (fitted(clusters(300, 0)) for _ in range(2))
    assert first.to_bytes() == second.to_bytes()
    assert first[2:6] == second[2:6]
    assert first.distance is not None
    assert second.distance is not None
    assert first.distance.to_bytes() == second.distance.to_bytes()
    assert first.distance[4:] == second.distance[4:]


def test_few_photos_make_no_gate() -> None:
    """A twentieth of fewer than 60 photos is no reliable share: no gate. Photos that only teach do not count."""

    def gate(photos: int, only_teaching: int = 0) -> GateShapes | None:
        data = clusters(photos, 0)
        return gate_shapes(data, folds_of(data, only_teaching=only_teaching))

    assert gate(LEAST_PHOTOS - 1) is None
    assert gate(LEAST_PHOTOS) is not None
    assert gate(LEAST_PHOTOS + 3, 4) is None
    assert gate(LEAST_PHOTOS + 4, 4) is not None


def test_photos_that_depend_on_each_other_are_too_few() -> None:
    """Pairs of photos of one scene count as one: twice as many photos are needed."""

    def gate(photos: int) -> GateShapes | None:
        data = clusters(photos, 0)._replace(groups=np.arange(photos) // 2)
        return gate_shapes(data, folds_of(data))

    assert gate(2 * LEAST_PHOTOS - 2) is None
    assert gate(2 * LEAST_PHOTOS) is not None


@pytest.mark.parametrize(("labels", "prototypes"), [(3, 3 * PER_CLASS), (16, 64), (100, 100)])
def test_number_of_prototypes(labels: int, prototypes: int) -> None:
    """Each class has eight, fewer if there are many classes, and at least one."""
    gate = fitted(clusters(labels * 20, 0, labels), labels)
    assert gate.prototypes.shape == (prototypes, 40)
    assert gate.prototypes.dtype == np.int8


def test_bytes_of_the_distance() -> None:
    """With 256 features and five classes, gate and distance take 80 bytes a feature and 128 for the variances."""
    gate = fitted(clusters(300, 0, 5, 256), 5)
    assert gate.distance is not None
    assert len(gate.to_bytes()) + len(gate.distance.to_bytes()) == 80 * 256 + 128


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_photos_all_alike(value: float) -> None:
    """Features without any difference, dead ones too, make a gate of finite numbers that accepts them."""
    same = Labelled(np.full((80, 20), value, np.float32), np.arange(80) % 3)
    gate, head = fitted(same), calibration_of(same).head
    familiarity = gate.familiarity(same.features, best_scores(head, same.features, "int8"))
    assert np.isfinite(familiarity).all()
    assert (familiarity >= gate.least - 0.1).all()


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_device_decides_as_the_trainer_did(options: RetrainOptions, tmp_path: Path, quantization: str) -> None:
    """The finished file rejects just those photos that the trainer finds beyond the threshold.

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
    assert sum(map(bool, rejected)) <= len(photos) / 5
    extractor = FeatureExtractor(model.backbone, options.bottleneck_dir)
    features = extractor.load([photo.sha256 for photo in photos])
    scores = np.array([classifier.scores(photo.path).max() for photo in photos])
    gate = load_gate(loaded)
    beyond = gate.least - gate.familiarity(features, scores)
    clear = np.abs(beyond) > 1e-3
    assert clear.sum() >= len(photos) - 1
    assert (np.array(rejected) == (beyond > 0))[clear].all()


def test_the_gate_does_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts are judged one after the other or all at once, with the same bits."""
    found = []
    for cores in (1, 4):
        monkeypatch.setattr(folds_module, "available_cores", lambda cores=cores: cores)
        found.append(fitted(clusters(300, 0)))
    assert found[0].to_bytes() == found[1].to_bytes()
    assert found[0][2:6] == found[1][2:6]
