"""``trainer retrain`` as its users meet it: the table, the sentences below it, and JSON."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from edge.modelfile.model_file import ModelFile
from support import tiny
from support.complaint import complaint

RETRAINED_KEYS = {
    *(
        "path",
        "compiled",
        "unknown",
        "architecture",
        "quantization",
        "weights",
        "labels",
        "photos",
        "used",
        "independent",
        "skipped",
    ),
    *("test_accuracy", "test_photos", "test_independent", "test_accuracy_interval", "classes_without_figure"),
    *("cross_validation", "learning_curve", "temperature", "calibration_error_before", "calibration_error"),
    *("score_threshold", "promised_accuracy", "validation_accuracy", "training_steps", "l2", "computed_bottlenecks"),
    *("size_bytes", "fine_tuning", "final", "other_things"),
}
SHARES = ("--testing-percentage", 20, "--validation-percentage", 20)


def test_retrain_prints_a_short_table_and_the_path(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """Classes, photos used and skipped, accuracy, size and place; messages go to stderr."""
    (Path(str(tiny_arguments[0])) / "red" / "notes.txt").write_text("hello")
    output = tmp_path / "m.tflite"
    done = trainer("retrain", *tiny_arguments, "--output", output, *SHARES)
    assert done.returncode == 0
    manifest = ModelFile.load(output).manifest
    assert manifest is not None
    accuracy = f"{100 * manifest.accuracy:.1f} % of {manifest.test_photos}"
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert rows[0] == ["mobilenet_0.25_128,", "weights:", "random"]
    assert rows[1] == ["quantization", "classes", "photos", "independent", "skipped", "test", "accuracy", "size"]
    assert rows[3] == ["int8", "3", "36", "36", "1", *accuracy.split(), f"{output.stat().st_size / 1e6:.2f}", "MB"]
    assert rows[-1] == [str(output)]  # one file has none to be compared with
    assert done.stderr.startswith("trainer: skipped red/notes.txt: not an image of a known format")
    assert done.stderr.count("\n") == 1


def test_retrain_says_how_sure_it_is(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """With few photos the interval is wide and the way out is named; cross-validation evaluates on all."""
    arguments = ("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", *SHARES)
    plain = trainer(*arguments).stdout
    assert re.search(r"with 95 % confidence: \d+ test photos are few, --cross-validate evaluates all photos", plain)
    for photo in (Path(str(tiny_arguments[0])) / "red").glob("00[0-8].png"):
        photo.unlink()
    done = trainer(*arguments, "--cross-validate")
    assert done.stderr.startswith("trainer: classes are out of balance: green has 12 photos, red 3; ")
    assert "cross-validated on all 27 photos: " in done.stdout
    balanced = trainer(*arguments, "--cross-validate", "--class-weights", "auto", "--json")
    assert balanced.stderr == ""
    printed = json.loads(balanced.stdout)["models"][0]
    assert (printed["cross_validation"]["photos"], printed["cross_validation"]["folds"]) == (27, 3)
    assert 0 <= printed["test_accuracy_interval"][0] <= printed["test_accuracy"] <= printed["test_accuracy_interval"][1]
    manifest = ModelFile.load(tmp_path / "m.tflite").manifest
    assert manifest is not None
    assert manifest.training["class_weights"] == "auto"
    assert manifest.training["cross_validated_right"] == printed["cross_validation"]["right"]
    assert manifest.training["temperature"] == pytest.approx(printed["temperature"], abs=1e-6)


@pytest.mark.parametrize("precision", ["0", "1.5", "-1", "nan"])
def test_precision_that_is_no_share(trainer, tiny_arguments: list[object], precision: str) -> None:
    """A share of right answers lies above 0 and is at most 1."""
    assert "is not a share" in complaint(trainer("retrain", *tiny_arguments, "--precision", precision), 2)


def test_retrain_json_has_its_schema(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """One object with an entry for each model and the skipped files, consistent with the files on disk."""
    (Path(str(tiny_arguments[0])) / "red" / "notes.txt").write_text("hello")
    choices = ("--quantization", "float32", "--quantization", "int8", "--quantization", "float32")
    done = trainer("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", *SHARES, *choices, "--json")
    printed = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert set(printed) == {"models", "speed", "groups", "skipped"}
    assert (printed["speed"]["runtime"], set(printed["speed"]["median_ms"])) == ("litert", {"float32", "int8"})
    assert {*printed["speed"]["fastest"], *printed["speed"]["times_as_long"]} == {"float32", "int8"}
    assert printed["groups"] == []
    assert [set(model) for model in printed["models"]] == [RETRAINED_KEYS] * 2
    assert [model["quantization"] for model in printed["models"]] == ["float32", "int8"]
    assert [entry["path"] for entry in printed["skipped"]] == ["red/notes.txt"]
    for model in printed["models"]:
        manifest = ModelFile.load(model["path"]).manifest
        assert manifest is not None
        assert (model["test_accuracy"], model["test_photos"]) == (manifest.accuracy, manifest.test_photos)
        assert model["photos"] == manifest.photos
        assert (model["labels"], model["used"], model["skipped"]) == (["blue", "green", "red"], 36, 1)
        assert model["size_bytes"] == os.path.getsize(model["path"])
        assert model["computed_bottlenecks"] == 36
        assert model["fine_tuning"] is None
        assert manifest.unknown is not None
        assert {**manifest.unknown._asdict(), "background": None}.items() <= model["unknown"].items()
        assert 1 <= model["training_steps"] <= 500


def test_retrain_says_what_more_photos_bring(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """The curve is two or three lines, or an object in JSON; with too few photos there is a message and null."""
    arguments = ("retrain", *tiny_arguments, "--output", tmp_path / "m.tflite", "--learning-curve")
    few = trainer(*arguments, "--json")
    assert few.stderr == ("trainer: too few independent photos for a learning curve: it needs 20 a class on average\n")
    assert json.loads(few.stdout)["models"][0]["learning_curve"] is None
    for label in tiny.COLOURS:
        for index in range(12):
            tiny.paint(label, 5000 + index).save(Path(str(tiny_arguments[0])) / label / f"more-{index}.png")
    printed = trainer(*arguments).stdout
    assert re.search(r"^learning curve: \d+\.\d % with 5, .* with 19 training photos a class$", printed, re.MULTILINE)
    assert re.search(r"^(twice as many photos are|more photos of this kind will)", printed, re.MULTILINE)
    curve = json.loads(trainer(*arguments, "--json").stdout)["models"][0]["learning_curve"]
    assert [point["share"] for point in curve["points"]] == [0.25, 0.5, 0.75, 1]
    assert curve["points"][-1]["photos_per_class"] == pytest.approx(19.2)
    for point in curve["points"]:
        assert point["accuracy_interval"][0] <= point["accuracy"] <= point["accuracy_interval"][1]
    gain = curve["gain_of_twice_the_photos"]
    assert 0 <= gain["low"] <= gain["expected"] <= gain["high"] <= 1
    assert {label: len(recalls) for label, recalls in curve["recalls"].items()} == dict.fromkeys(tiny.COLOURS, 4)
    assert set(curve["weak_classes"]) <= set(tiny.COLOURS)


def test_default_output_is_under_models_and_named_after_folder_and_architecture(
    trainer, tiny_arguments: list[object], tmp_path: Path
) -> None:
    """Without --output the model lies in models/ of the working folder."""
    done = trainer("retrain", *tiny_arguments, "--json")
    (model,) = json.loads(done.stdout)["models"]
    assert model["path"] == "models/photos-mobilenet_0.25_128-int8.tflite"
    assert (tmp_path / "elsewhere" / model["path"]).is_file()
