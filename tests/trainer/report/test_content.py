"""The content of a report are those of the training and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.inference.classifier import Classifier
from edge.modelfile.manifest import GateFacts
from edge.modelfile.model_file import ModelFile
from support import surgery
from support.reporting import HOSTILE_CLASS, HOSTILE_FILE, content_of
from support.surgery import Patient
from trainer.head.calibration import calibration_error
from trainer.report.content import ReportContent
from trainer.report.summary import cautions, headlines
from trainer.report.tables import class_table, commands, data_table, file_table, quantization_table, training_table
from trainer.retraining.retrain import Retrained

NUMBERS = ("prototype_scale", "confidence_weight", "nearness_weight", "threshold")


def test_training_facts_are_those_of_the_training(content: ReportContent, retrained: list[Retrained]) -> None:
    """Accuracy, curves, others, self-test and skipped files are what the training measured."""
    model, other = retrained
    assert content.model.content == model.path.read_bytes()
    assert content.right == round(model.evaluation.accuracy * model.evaluation.count)
    assert content.training is not None
    assert content.training.steps == model.fit.steps
    assert content.training.others == [("float32", other.evaluation.accuracy, other.size_bytes)]
    assert calibration_error(content.training.reliability_before) == model.error_before
    assert content.self_test == ("litert", True)
    assert [entry.path for entry in content.skipped] == [f"blue/{HOSTILE_FILE}"]


def test_scores_are_those_of_the_file(content: ReportContent) -> None:
    """Row by row what the classifier says of the test photos, in the order of the labels."""
    classifier = Classifier(content.model)
    for photo, row in zip(content.evaluation.photos, content.scores, strict=True):
        assert np.abs(classifier.scores(photo.path) - row).max() < 1e-6
    assert (content.scores.argmax(axis=1) == content.truths).sum() == content.right


def test_headlines_say_how_sure_they_are(content: ReportContent) -> None:
    """The file's accuracy and the cross-validated one, both with their interval, beware first of wrong labels."""
    found = {headline.name: headline for headline in headlines(content)}
    assert list(found)[:3] == ["test accuracy", "cross-validated", "calibration error"]
    assert found["test accuracy"].value == f"{100 * content.evaluation.accuracy:.1f} %"
    assert found["test accuracy"].note.startswith(f"{content.right} of {content.evaluation.count} test photos; ")
    assert found["test accuracy"].note.endswith(" % with 95 % confidence")
    first, second = cautions(content)
    assert "labels look wrong" in first
    assert second.startswith(f"Only {content.evaluation.count} photos judged this file")


def test_tables_tell_what_the_manifest_tells(content: ReportContent) -> None:
    """Photos by class and split, the training's content in alphabetical order, the kinds of the run side by side."""
    manifest = content.model.manifest
    assert manifest is not None
    data, training, quantization = data_table(content), training_table(content), quantization_table(content)
    assert data is not None and training is not None and quantization is not None
    assert data.heads == ("class", "training", "validation", "test", "all")
    assert [row[0] for row in data.rows] == [HOSTILE_CLASS, "blue", "green", "all"]
    assert data.rows[-1][-1] == "90"
    assert data.rows[1][1:4] == tuple(str(manifest.photos["blue"][s]) for s in ("training", "validation", "test"))
    assert [row[0] for row in training.rows] == sorted(name.replace("_", " ") for name in manifest.training)
    assert [row[0] for row in quantization.rows] == [
        "this file (int8)",
        "its head in floats, on the same bottlenecks",
        "the float32 file of this run",
    ]
    assert quantization.rows[1][1] == f"{100 * content.training.promised_accuracy:.2f} %"  # type: ignore[union-attr]
    told = dict(file_table(content).rows)
    assert told["sha256"] == content.model.sha256
    assert told["MediaPipe, Android"] == "read labels and normalisation from its TFLite Metadata"
    assert told["self-test"] == "passed on the workstation (litert)"
    assert told["gate for strangers"] == "none: --reject has nothing to go by"
    gate = GateFacts("", tensor=1, features=48, prototypes=3, **dict.fromkeys(NUMBERS, 0.5))
    gated = replace(content, model=replace(content.model, manifest=replace(manifest, gate=gate)))
    expected = "3 prototypes; edge label and edge watch use it with --reject"
    assert dict(file_table(gated).rows)["gate for strangers"] == expected
    assert "edge label --model tiny-int8.tflite photo.jpg" in commands(content)


def test_nested_and_long_facts_stay_one_line(content: ReportContent) -> None:
    """Whatever a later release puts into the manifest is shown, and never at length."""
    manifest = content.model.manifest
    assert manifest is not None
    manifest.training["gate"] = {"means": list(range(1000))}
    try:
        table = training_table(content)
        assert table is not None
        told = dict(table.rows)["gate"]
        assert told.startswith('{"means": [0, 1, 2') and len(told) == 200
    finally:
        del manifest.training["gate"]


def test_cross_validation_says_that_it_used_no_variants(content: ReportContent) -> None:
    """Where the exported head learnt variants too, the cross-validated accuracy is that of another recipe."""
    assert "variants" not in headlines(content)[1].note
    assert content.model.manifest is not None
    training = content.model.manifest.training | {"augment": 4}
    manifest = replace(content.model.manifest, training=training)
    augmented = replace(content, model=replace(content.model, manifest=manifest))
    assert "fitted without the variants" in headlines(augmented)[1].note


def test_foreign_model_has_the_facts_that_a_file_alone_has(photos: Path) -> None:
    """Without manifest there is no training to tell of, and what is not known is not claimed."""
    content = Patient(surgery.tiny()).foreign(None, metadata=False).content
    content = content_of(ModelFile.from_bytes(content, ("blue", "green", "red")), photos)
    assert (content.training, content.self_test, data_table(content), training_table(content)) == (
        None,
        None,
        None,
        None,
    )
    assert [headline.name for headline in headlines(content)] == ["accuracy", "calibration error", "size"]
    told = dict(file_table(content).rows)
    assert told["MediaPipe, Android"] == "cannot tell its labels: it has no TFLite Metadata"
    assert "architecture" not in told
    assert commands(content) == ["edge label --model model.tflite --labels labels.txt photo.jpg"]
    assert len(class_table(content).rows) == 3


def test_photos_that_were_trained_on_are_told(photos: Path) -> None:
    """Numbers that flatter say so before all others."""
    content = content_of(ModelFile.from_bytes(surgery.tiny()), photos, seen=True)
    assert cautions(content)[0].startswith("The model was trained on some of the photos that judge it here")
