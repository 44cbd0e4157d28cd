"""The content of a report is that of the training and of the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.inference.classifier import Classifier
from edge.modelfile.gate_facts import GateFacts
from edge.modelfile.model_file import ModelFile
from support import surgery
from support.evaluations import evaluation_of
from support.reporting import HOSTILE_CLASS, HOSTILE_FILE, content_of
from support.surgery import Patient
from trainer.evaluation.interval import wilson_interval
from trainer.evaluation.seen_photos import SeenPhotos
from trainer.head.calibration import calibration_error
from trainer.report.content import ReportContent
from trainer.report.summary import cautions, headlines
from trainer.report.tables import class_table, commands, data_table, file_table, quantization_table, training_table
from trainer.retraining.retrained import Retrained

NUMBERS = ("prototype_scale", "confidence_weight", "nearness_weight", "threshold")


def test_content_is_that_of_the_training(content: ReportContent, retrained: list[Retrained]) -> None:
    """Accuracy, steps, other models, self-test and skipped files are those of the training."""
    model, other = retrained
    assert content.model.content == model.path.read_bytes()
    assert content.evaluation.right == round(model.evaluation.accuracy * model.evaluation.count)
    assert content.training is not None
    assert content.training.steps == model.fit.steps
    assert content.training.other_models == [("float32", other.evaluation.accuracy, other.size_bytes)]
    assert calibration_error(content.training.reliability_before) == model.error_before
    assert content.self_test == ("litert", True)
    assert [entry.path for entry in content.evaluation.skipped] == [f"blue/{HOSTILE_FILE}"]


def test_scores_are_those_of_the_file(content: ReportContent) -> None:
    """Each row has the classifier's scores of one test photo, in the order of the labels."""
    classifier = Classifier(content.model)
    for photo, row in zip(content.evaluation.photos, content.scored.scores, strict=True):
        assert np.abs(classifier.scores(photo.path) - row).max() < 1e-6
    assert (content.scored.scores.argmax(axis=1) == content.scored.truths).sum() == content.evaluation.right


def test_headlines_have_their_intervals(content: ReportContent) -> None:
    """The accuracy has its interval; the first caution is about wrong labels, the second about few photos."""
    found = {headline.name: headline for headline in headlines(content)}
    assert list(found)[:3] == ["test accuracy", "cross-validated", "calibration error"]
    assert found["test accuracy"].value == f"{100 * content.evaluation.accuracy:.1f} %"
    assert found["test accuracy"].note.startswith(
        f"{content.evaluation.right} of {content.evaluation.count} test photos; "
    )
    assert found["test accuracy"].note.endswith(" % with 95 % confidence")
    first, second = cautions(content)
    assert "labels look wrong" in first
    assert second.startswith(f"Only {content.evaluation.count} photos were evaluated")


def test_tables_have_the_values_of_the_manifest(content: ReportContent) -> None:
    """Photos by class and split, the properties of the training in alphabetical order, the models of the run."""
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
        "its float head, on the same bottlenecks",
        "the float32 file of this run",
    ]
    assert quantization.rows[1][1] == f"{100 * content.training.float_head_accuracy:.2f} %"  # type: ignore[union-attr]
    properties = dict(file_table(content).rows)
    assert properties["sha256"] == content.model.sha256
    assert properties["MediaPipe, Android"] == "read labels and normalisation from its TFLite Metadata"
    assert properties["self-test"] == "passed on the workstation (litert)"
    assert properties["gate"].startswith("24 prototypes, a distance in 24 directions; edge label and edge watch")
    gate = GateFacts("", tensor=1, features=48, prototypes=3, **dict.fromkeys(NUMBERS, 0.5))
    gated = replace(content, model=replace(content.model, manifest=replace(manifest, gate=gate, distance=None)))
    expected = "3 prototypes; edge label and edge watch use it with --reject"
    assert dict(file_table(gated).rows)["gate"] == expected
    without = replace(content, model=replace(content.model, manifest=replace(manifest, gate=None, distance=None)))
    assert dict(file_table(without).rows)["gate"] == "none, so --reject cannot be used"
    assert "edge label --model tiny-int8.tflite photo.jpg" in commands(content)


def test_nested_and_long_values_stay_one_line(content: ReportContent) -> None:
    """A nested value of the manifest is shown as one line of 200 characters."""
    manifest = content.model.manifest
    assert manifest is not None
    manifest.training["gate"] = {"means": list(range(1000))}
    try:
        table = training_table(content)
        assert table is not None
        properties = dict(table.rows)["gate"]
        assert properties.startswith('{"means": [0, 1, 2') and len(properties) == 200
    finally:
        del manifest.training["gate"]


def test_cross_validation_says_that_it_used_no_augmented_copies(content: ReportContent) -> None:
    """If the head of the file was fitted on augmented copies, the note of the cross-validated accuracy says so."""
    assert "augmented copies" not in headlines(content)[1].note
    assert content.model.manifest is not None
    training = content.model.manifest.training | {"augment": 4}
    manifest = replace(content.model.manifest, training=training)
    augmented = replace(content, model=replace(content.model, manifest=manifest))
    assert "nor on augmented copies" in headlines(augmented)[1].note


def test_model_of_another_project_has_less_content(photos: Path) -> None:
    """Without a manifest there is no training, no self-test and no architecture in the content."""
    content = Patient(surgery.tiny()).foreign(None, metadata=False).content
    content = content_of(ModelFile.from_bytes(content, ("blue", "green", "red")), photos)
    assert (content.training, content.self_test, data_table(content), training_table(content)) == (
        None,
        None,
        None,
        None,
    )
    assert [headline.name for headline in headlines(content)] == ["accuracy", "calibration error", "size"]
    properties = dict(file_table(content).rows)
    assert properties["MediaPipe, Android"] == "cannot read its labels: it has no TFLite Metadata"
    assert "architecture" not in properties
    assert commands(content) == ["edge label --model model.tflite --labels labels.txt photo.jpg"]
    assert len(class_table(content).rows) == 3


def test_a_caution_says_that_the_photos_were_trained_on(photos: Path) -> None:
    """It is the first caution, with the counts if the model knows its photos."""
    old = ModelFile.from_bytes(surgery.without_known_photos(surgery.tiny()))
    content = content_of(old, photos, seen=True)
    assert cautions(content)[0] == (
        "The model was trained on some of these photos, so every number is too good. Evaluate with --split test."
    )
    seen = replace(content.evaluation, seen=SeenPhotos(36, 24, 8, 1))
    assert cautions(replace(content, evaluation=seen))[0] == (
        "24 of these 36 photos trained the model, 8 chose its settings, 1 depend on these (copies, or shots of one "
        "scene), so every number is too good. Evaluate with --split unseen."
    )
    unseen = replace(seen, split="unseen")
    assert cautions(replace(content, evaluation=unseen))[0].endswith("scene). They were not evaluated.")
    assert "trained the model" not in cautions(content_of(old, photos))[0]


def test_a_caution_names_classes_that_were_not_evaluated(photos: Path) -> None:
    """Photos of a class that the model has no label for are counted."""
    (photos / "red").rename(photos / "violet")
    content = content_of(ModelFile.from_bytes(surgery.tiny()), photos)
    line = "The model has no label for violet, so 12 photos were not evaluated."
    assert line in cautions(content)


def test_figures_count_groups(photos: Path) -> None:
    """If photos depend on each other, the headline says how many do not, and its share and interval are of groups."""
    content = content_of(ModelFile.from_bytes(surgery.tiny()), photos)
    answers = [("blue", "blue")] * 8 + [("blue", "red"), ("red", "red")]
    grouped = evaluation_of(content.evaluation.labels, answers, ["a"] * 8 + ["b", "c"])
    accuracy, *_ = headlines(replace(content, evaluation=grouped))
    low, high = wilson_interval(2, 3)
    assert accuracy.value == "66.7 %"
    assert accuracy.note == (
        f"9 of 10 photos, 3 independent; {100 * low:.1f} to {100 * high:.1f} % with 95 % confidence"
    )
    assert "Only 3 independent photos were evaluated" in " ".join(cautions(replace(content, evaluation=grouped)))


def test_a_caution_says_what_quantization_lost(content: ReportContent) -> None:
    """More than one point below the head in floats is a caution, one point is none; a file may also be better."""
    assert content.training is not None
    accuracy = content.evaluation.accuracy
    found = {
        points: cautions(
            replace(content, training=content.training._replace(float_head_accuracy=accuracy + points / 100))
        )
        for points in (-20, 0, 1, 1.2)
    }
    assert found[-20] == found[0] == found[1] == cautions(content)
    (line,) = set(found[1.2]) - set(found[1])
    assert line == (
        "The int8 file labels fewer test photos correctly than its head does in floats: 1.2 points of accuracy are "
        "lost to quantization; compare it with --quantization float32."
    )
