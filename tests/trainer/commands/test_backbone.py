"""``trainer backbone``: a file with an untaught head that carries a backbone, without TensorFlow if it is cached."""

from __future__ import annotations

import json
from pathlib import Path

from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.commands.backbone import LABELS
from trainer.retraining.given_backbone import read_given


def make(childless_trainer, cache: Path, path: Path, *more: object):
    """Run the command with the tiny backbone, without a child process."""
    name = tiny.ARCHITECTURE.name
    return childless_trainer(
        "backbone", name, "--weights", "random", "--bottleneck-dir", cache, "--output", path, *more
    )


def test_the_file_carries_the_backbone_and_says_that_it_is_untaught(childless_trainer, cache: Path, tmp_path) -> None:
    """It is a model file with a self-test that passes, no accuracy, labels that mean nothing, and no known answer."""
    path = tmp_path / "backbone.tflite"
    done = make(childless_trainer, cache, path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    model = ModelFile.load(path)
    assert model.manifest is not None
    assert model.labels == LABELS
    assert all("untaught" in label for label in LABELS)
    assert model.manifest.accuracy is None
    assert "untaught head" in (model.manifest.provenance.note or "")
    assert (facts["quantization"], facts["size_bytes"]) == ("int8", path.stat().st_size)
    cut = read_given(path).backbone
    assert (cut.architecture, cut.quantization, cut.weights.origin) == (tiny.ARCHITECTURE, "int8", "random")
    classifier = Classifier(model)
    assert run_self_test(classifier).passed
    assert model.manifest.score_threshold == 1.0
    picture = tiny.paint("red", 1)
    best = classifier.classify(picture).categories[0]
    assert best.score < 1.0


def test_the_self_test_sees_the_backbone(childless_trainer, cache: Path, tmp_path: Path) -> None:
    """Its expected scores differ between the patterns by far more than its tolerance."""
    path = tmp_path / "backbone.tflite"
    make(childless_trainer, cache, path, "--quantization", "float32")
    manifest = ModelFile.load(path).manifest
    assert manifest is not None
    assert manifest.quantization == "float32"
    columns = list(zip(*manifest.self_test.expected, strict=True))
    assert max(max(column) - min(column) for column in columns) > 2 * manifest.self_test.tolerance


def test_the_same_command_gives_the_same_bytes(childless_trainer, cache: Path, tmp_path: Path) -> None:
    """Nothing in the file depends on when it was made."""
    one, other = tmp_path / "a.tflite", tmp_path / "b.tflite"
    for path in (one, other):
        assert make(childless_trainer, cache, path).stdout.splitlines()[-1] == str(path)
    assert one.read_bytes() == other.read_bytes()


def test_retrain_takes_it_in_place_of_an_architecture(childless_trainer, cache: Path, photos: Path, tmp_path) -> None:
    """Without TensorFlow and without the artifact; options that the file decides are refused in one line."""
    path, output = tmp_path / "backbone.tflite", tmp_path / "model.tflite"
    make(childless_trainer, cache, path)
    arguments = ("retrain", photos, "--backbone", path, "--bottleneck-dir", tmp_path / "fresh", "--output", output)
    arguments += ("--testing-percentage", 20, "--validation-percentage", 20)
    done = childless_trainer(*arguments)
    assert done.returncode == 0, done.stderr
    assert ModelFile.load(output).classes == tuple(sorted(tiny.COLOURS))
    for option, value in (
        ("--architecture", "mobilenet_1.0_224"),
        ("--weights", "random"),
        ("--fine-tune", "2"),
        ("--quantization", "float32"),
    ):
        done = childless_trainer(*arguments, option, value)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert f"leave out {option}" in done.stderr


def test_files_without_our_head_are_one_line(childless_trainer, photos: Path, tmp_path: Path) -> None:
    """Another project's file and one that is missing: exit code 65."""
    for name, content in (("missing.tflite", None), ("text.tflite", b"no model" * 20)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        done = childless_trainer("retrain", photos, "--backbone", tmp_path / name)
        assert done.returncode == 65
        assert done.stderr.count("\n") == 1
        assert name in done.stderr
