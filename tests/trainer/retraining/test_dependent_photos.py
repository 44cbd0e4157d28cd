"""Retraining on photos that depend on each other: copies of a photo are one witness, wherever they count."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from edge.errors import UsageError
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.photos.split import dependent
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

pytestmark = pytest.mark.numeric

QUIET = Progress()
COPIES = 3


def picture(label: str, seed: int) -> Image.Image:
    """Random blocks in shades of the class's colour: pictures that are easily told apart."""
    random = np.random.default_rng([seed, *label.encode()])
    colour = np.array({"red": (200, 60, 60), "green": (60, 200, 60), "blue": (60, 60, 200)}[label])
    blocks = (colour + random.normal(0, 50, (12, 12, 1))).clip(0, 255).astype(np.uint8)
    return Image.fromarray(blocks).resize((96, 96), Image.Resampling.BICUBIC)


def write_copies(root: Path, scenes: dict[str, int], copies: int = COPIES) -> Path:
    """For each class, ``scenes`` pictures, each ``copies`` times in other light, with names that show nothing."""
    for label, count in scenes.items():
        (root / label).mkdir(parents=True)
        names = iter(np.random.default_rng(1).permutation(10 * count * copies))
        for scene in range(count):
            for copy in range(copies):
                lit = ImageEnhance.Brightness(picture(label, scene)).enhance(0.9 + 0.1 * copy)
                lit.save(root / label / f"{chr(97 + next(names) % 26)}{next(names)}{copy}{scene}.png")
    return root


@pytest.fixture
def copies(options: RetrainOptions, tmp_path: Path) -> RetrainOptions:
    """Options to retrain on eight scenes a class, each photographed three times."""
    folder = write_copies(tmp_path / "copies", {"red": 8, "green": 8, "blue": 8})
    return dataclasses.replace(options, folder=folder, quantizations=("int8", "float32"), cross_validate=True)


def test_copies_stay_in_one_split_and_count_once(copies: RetrainOptions) -> None:
    """72 photos are 24 independent ones, the same for both files; figures and record count these."""
    tiny.write_backbone(copies.bottleneck_dir, "float32")
    models = retrain_all(copies, QUIET)
    for model in models:
        dataset = model.dataset
        assert (len(dataset.photos), dataset.independent) == (72, 24)
        assert not dependent((photo.group, photo.split) for photo in dataset.photos)
        assert [len(group) for group in dataset.groups()] == [COPIES] * 24
        assert model.cross_validation is not None
        assert (model.cross_validation.independent, model.cross_validation.photos) == (24, 72)
        manifest = ModelFile.load(model.path).manifest
        assert manifest is not None
        assert (manifest.provenance.independent_photos, manifest.provenance.groups) == (24, "auto")
        assert manifest.provenance.cross_validated_photos == 24
        assert model.evaluation.count == COPIES * model.evaluation.independent
    assert models[0].dataset.photos == models[1].dataset.photos


def test_groups_can_be_switched_off(copies: RetrainOptions) -> None:
    """With --groups off, and with names that show nothing, every photo counts as independent."""
    for groups in ("off", "names"):
        (model,) = retrain_all(dataclasses.replace(copies, groups=groups, quantizations=("int8",)), QUIET)
        assert model.dataset.independent == 72
        assert model.dataset.groups() == []
    with pytest.raises(UsageError, match="--groups 'all': give off, names or auto"):
        retrain_all(dataclasses.replace(copies, groups="all"), QUIET)


def test_one_scene_a_class_gives_a_model_and_no_figure(options: RetrainOptions, tmp_path: Path) -> None:
    """A model is made, but neither its file nor its record has an accuracy that copies would make up."""
    folder = write_copies(tmp_path / "scenes", {"red": 1, "green": 1, "blue": 1}, copies=9)
    (model,) = retrain_all(dataclasses.replace(options, folder=folder, cross_validate=True), QUIET)
    assert (model.accuracy, model.interval) == (None, None)
    assert model.dataset.without_evidence == ["blue", "green", "red"]
    manifest = ModelFile.load(model.path).manifest
    assert manifest is not None
    assert (manifest.accuracy, manifest.test_photos) == (None, 0)
    assert manifest.provenance.cross_validated_right is None


def test_the_table_counts_groups(trainer, copies: RetrainOptions, tiny_arguments: list[object], tmp_path: Path) -> None:
    """Photos and independent photos stand beside each other, of all photos and of the test photos."""
    done = trainer("retrain", copies.folder, *tiny_arguments[1:], "--output", tmp_path / "m.tflite", "--cross-validate")
    assert " 72            24         0 " in done.stdout
    counts = re.search(r"% of (\d+) \((\d+) photos\)", done.stdout)
    assert counts is not None and int(counts[2]) == COPIES * int(counts[1])
    assert "cross-validated on 72 photos (24 independent): " in done.stdout


def test_the_command_says_that_it_cannot_say(trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """The table has no percentage, a line says why and what to do, and JSON has null."""
    folder = write_copies(tmp_path / "scenes", {"red": 1, "green": 1, "blue": 1}, copies=9)
    arguments = (folder, *tiny_arguments[1:], "--output", tmp_path / "m.tflite")
    done = trainer("retrain", *arguments, "--cross-validate")
    assert done.returncode == 0, done.stderr
    assert "not enough to say" in done.stdout
    assert "too few independent photos to say how good the model is for blue, green, red: add photos" in done.stdout
    assert "confidence" not in done.stdout and "cross-validated" not in done.stdout
    printed = json.loads(trainer("retrain", *arguments, "--cross-validate", "--json").stdout)
    (model,) = printed["models"]
    assert (model["test_accuracy"], model["test_accuracy_interval"], model["cross_validation"]) == (None, None, None)
    assert (model["used"], model["independent"]) == (27, 3)
    assert sorted(map(len, printed["groups"])) == [9, 9, 9]


def test_one_class_without_figure_is_named(options: RetrainOptions, tmp_path: Path) -> None:
    """Two classes of three show how good the model is for them; the third is named."""
    folder = write_copies(tmp_path / "scenes", {"red": 8, "green": 8, "blue": 1}, copies=4)
    (model,) = retrain_all(dataclasses.replace(options, folder=folder, cross_validate=True), QUIET)
    assert model.accuracy is not None
    assert model.dataset.without_evidence == ["blue"]
    assert {photo.label for photo in model.evaluation.photos} == {"red", "green"}
    assert model.cross_validation is not None
    assert (model.cross_validation.independent, model.cross_validation.photos) == (16, 64)


def test_no_threshold_without_evidence(options: RetrainOptions, tmp_path: Path) -> None:
    """Many scenes of one class do not make up for two classes of one scene each."""
    folder = write_copies(tmp_path / "scenes", {"red": 1, "green": 1, "blue": 130}, copies=3)
    (model,) = retrain_all(dataclasses.replace(options, folder=folder, groups="auto"), QUIET)
    assert model.accuracy is None
    assert model.calibration.score_threshold is None
    (model,) = retrain_all(dataclasses.replace(options, folder=folder, groups="off"), QUIET)
    assert model.calibration.score_threshold is not None
