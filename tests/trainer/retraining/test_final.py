"""``--final``: the head of the file is fitted on all photos, and the figures stay those of its twin."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DatasetError
from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.bottlenecks.augmented import with_copies
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import load_labelled
from trainer.evaluation.compare import compare
from trainer.evaluation.evaluate import evaluate
from trainer.head.fit import fit_again
from trainer.head.linear import softmax
from trainer.photos import photo_hashes
from trainer.photos.split import SPLITS
from trainer.progress import SILENT
from trainer.report.content import training_content
from trainer.report.summary import cautions, title_line
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


@pytest.fixture
def options(options: RetrainOptions) -> RetrainOptions:
    """The tiny photos and the tiny backbone, in floats: so the scores of a file are those of its head."""
    return dataclasses.replace(options, quantizations=("float32",))


def final(options: RetrainOptions, **changes: object) -> Retrained:
    """One retraining with ``--final``."""
    (model,) = retrain_all(
        dataclasses.replace(options, final=True, output=options.output.with_name("final.tflite"), **changes), SILENT
    )
    return model


def manifest_of(model: Retrained):
    """The manifest of the file."""
    manifest = ModelFile.load(model.path).manifest
    assert manifest is not None
    return manifest


@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_figures_are_those_of_the_twin(options: RetrainOptions, quantization: str) -> None:
    """Accuracy, split, penalty, temperature and threshold do not change; the flag, the scores and the hashes do."""
    options = dataclasses.replace(options, quantizations=(quantization,))
    (twin,), last = retrain_all(options, SILENT), final(options)
    before, after = manifest_of(twin), manifest_of(last)
    assert (after.accuracy, after.test_photos) == (before.accuracy, before.test_photos)
    assert (after.photos, after.score_threshold, after.gate) == (before.photos, before.score_threshold, before.gate)
    assert after.training == {**before.training, "final": True}
    assert "final" not in before.training
    assert after.self_test.expected != before.self_test.expected
    assert run_self_test(Classifier.load(last.path)).passed
    assert (before.known_photos.training, before.known_photos.validation) == tuple(
        len(twin.dataset.of(split)) for split in ("training", "validation")
    )
    assert (after.known_photos.training, after.known_photos.validation) == (36, 0)
    assert (twin.final, last.final) == (False, True)
    assert last.evaluation.accuracy == twin.evaluation.accuracy
    assert last.promised_accuracy == twin.promised_accuracy
    assert last.size_bytes == last.path.stat().st_size


@pytest.mark.parametrize("augment", [0, 2])
@pytest.mark.parametrize("class_weights", ["none", "auto"])
def test_head_is_fitted_on_all_photos(options: RetrainOptions, augment: int, class_weights: str) -> None:
    """The file computes the head that all photos, and copies of all of them, give with the penalty of the twin."""
    for path in sorted((options.folder / "red").iterdir())[:5]:
        path.unlink()
    last = final(options, augment=augment, class_weights=class_weights)
    extractor = FeatureExtractor(last.backbone, options.bottleneck_dir)
    photos = [photo for split in SPLITS for photo in last.dataset.of(split)]
    originals = load_labelled(extractor, last.dataset, photos)
    fitted = with_copies(extractor, photos, originals, augment)
    assert len(fitted.labels) == 31 * (1 + augment)
    counts = np.bincount(fitted.labels)
    weights = len(fitted.labels) / (3 * counts) if class_weights == "auto" else None
    head = fit_again(fitted, 3, last.fit.l2, options.training_steps, weights)
    wanted = softmax(head.logits(originals.features) / last.calibration.temperature)
    classifier = Classifier.load(last.path)
    found = np.stack([classifier.scores(photo.path) for photo in photos])
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert np.abs(wanted - softmax(last.calibration.head.logits(originals.features))).max() > 1e-3


def test_no_photo_of_the_training_evaluates_it(options: RetrainOptions, tmp_path: Path) -> None:
    """No photo is a test photo or new to it; other photos are; ``all`` says that the figures are too good."""
    last = final(options)
    for split in ("unseen", "test"):
        with pytest.raises(DatasetError, match="36 of these 36 photos trained the model"):
            evaluate(last.path, options.folder, split=split)
    everything = evaluate(last.path, options.folder, split="all")
    assert everything.has_seen_them
    others = evaluate(last.path, tiny.paint_folder(tmp_path / "others", 4, seed=9))
    assert (others.count, others.has_seen_them) == (12, False)
    (twin,) = retrain_all(options, SILENT)
    with pytest.raises(DatasetError, match="36 of these 36 photos trained the first model"):
        compare(last.path, twin.path, options.folder)


def test_a_file_without_hashes_has_no_test_photos(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more photos than a file can name, the split of the folder is not taken for new photos."""
    monkeypatch.setattr(photo_hashes, "MOST_PHOTOS", 3)
    last = final(options)
    assert manifest_of(last).known_photos is None
    with pytest.raises(DatasetError, match="fitted on all of them"):
        evaluate(last.path, options.folder, split="test")


def test_report_says_whose_figures_it_has(options: RetrainOptions) -> None:
    """The first caution is about the twin, and the title counts all photos."""
    last = final(options)
    content = training_content(last, [])
    assert "trained on 36 photos" in title_line(content)
    assert cautions(content)[0] == (
        "The file was fitted on all photos (--final). Every figure is of its twin, whose head was fitted on the "
        "training photos alone."
    )


def test_command_and_inspect_say_it(trainer, edge, tiny_arguments: list[object], tmp_path: Path) -> None:
    """One line in the table's text, ``final`` in JSON, and the origin of the accuracy in ``edge inspect``."""
    shares = ("--testing-percentage", 20, "--validation-percentage", 20, "--output", tmp_path / "m.tflite")
    done = trainer("retrain", *tiny_arguments, *shares, "--final")
    assert done.returncode == 0, done.stderr
    assert "the file was fitted on all 36 photos; all figures are of its twin, which was fitted on the " in done.stdout
    printed = trainer("retrain", *tiny_arguments, *shares, "--final", "--json")
    assert json.loads(printed.stdout)["models"][0]["final"] is True
    assert json.loads(trainer("retrain", *tiny_arguments, *shares, "--json").stdout)["models"][0]["final"] is False
    trainer("retrain", *tiny_arguments, *shares, "--final")
    assert "measured before the head was fitted on all photos" in edge("inspect", tmp_path / "m.tflite").stdout
