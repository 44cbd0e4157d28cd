"""The class for the rest of the world in a run of ``trainer retrain``, from the photos to the file and its figures."""

from __future__ import annotations

import dataclasses
import json
import shutil
import unicodedata
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.rest_of_world import other_things, retrained
from trainer import one_thread
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.remembered import read_remembered
from trainer.commands.retrain_output import model_json
from trainer.evaluation.compare import compare
from trainer.evaluation.evaluate import evaluate
from trainer.photos.photo_hashes import read_photo_hashes
from trainer.progress import Progress
from trainer.report.content import training_content
from trainer.report.model_card import render_card
from trainer.report.page import render_page
from trainer.retraining import rest_of_world
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrained import Retrained
from trainer.unknown import outside
from trainer.unknown.background import Background
from trainer.unknown.directions import Directions
from trainer.unknown.outside import Outside
from trainer.unknown.packaged_directions import unit_rows

CLASSES = ("blue", "green", "red")


@pytest.fixture
def options(options: RetrainOptions) -> RetrainOptions:
    """The tiny photos and the tiny backbone, with the class for the rest of the world as by default."""
    return dataclasses.replace(options, unknown="unknown")


def test_the_file_has_one_more_label(options: RetrainOptions) -> None:
    """Behind the classes; the manifest says what taught it, and the classes are what they were without it."""
    plain, model = retrained(options, unknown=None), retrained(options)
    loaded = ModelFile.load(model.path)
    assert loaded.labels == (*CLASSES, "unknown")
    assert (loaded.classes, loaded.unknown_label, loaded.unknown_index) == (CLASSES, "unknown", 3)
    assert loaded.manifest is not None
    facts = loaded.manifest.unknown
    assert facts is not None
    assert (facts.label, facts.photos, facts.drawings, facts.source) == ("unknown", 0, 64, "random")
    assert facts.directions > 0
    assert set(loaded.manifest.photos) == set(CLASSES)
    assert model.dataset.labels == plain.dataset.labels == CLASSES
    assert np.array_equal(model.calibration.head.weights[:, :3], plain.calibration.head.weights)
    assert model.calibration.temperature == plain.calibration.temperature
    assert model.fit.l2 == plain.fit.l2
    assert run_self_test(Classifier(loaded)).passed


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_walls_and_noise_are_unknown_and_photos_are_not(options: RetrainOptions, quantization: str) -> None:
    """In a file of each kind of arithmetic; the test photos keep their labels."""
    model = retrained(options, quantizations=(quantization,))
    classifier = Classifier.load(model.path)
    noise = np.random.default_rng(5).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for picture in (noise, np.full((32, 32, 3), 128, np.uint8)):
        assert classifier.classify(picture).label == "unknown"
    assert model.evaluation.accuracy >= 0.9
    assert model.evaluation.answered_unknown == model.evaluation.confusion[:, 3].sum() <= 1


def test_without_it_nothing_changes(options: RetrainOptions) -> None:
    """``--no-unknown`` gives a file without the entry, and a folder of that name is an ordinary class."""
    other_things(options.folder / "unknown", 12)
    loaded = ModelFile.load(retrained(options, unknown=None).path)
    assert loaded.labels == loaded.classes == (*CLASSES, "unknown")
    assert loaded.unknown_label is loaded.unknown_index is None
    assert loaded.manifest is not None
    assert loaded.manifest.unknown is None
    assert '"unknown": {' not in loaded.manifest.to_json().replace('"unknown": {\n   "test"', "")


def test_a_class_folder_of_that_name_and_a_background(options: RetrainOptions, tmp_path: Path) -> None:
    """Both teach, in one model; a line says what the folder is, and photos that are held back judge it."""
    other_things(options.folder / "unknown", 20)
    background = other_things(tmp_path / "unknown", 45)
    shutil.copy(options.folder / "red" / "001.png", background / "mine.png")
    messages: list[str] = []
    model = retrained(options, messages, background=background)
    assert any(
        "is the class for the rest of the world, no class of yours: it has 20 files" in line for line in messages
    )
    assert model.dataset.labels == CLASSES
    assert model.unknown is not None
    assert model.unknown.photos_sha256 is not None
    judged = model.evaluation.background
    assert judged is not None
    assert model.unknown.photos + judged.photos == 45  # 20 of the 45 are the same as those of the folder
    assert judged.unknown + len(judged.taken) == judged.photos
    assert judged.unknown >= judged.photos / 3  # which photos are held back, their bytes say: of fourteen it was seven
    reasons = [entry.reason for entry in model.dataset.skipped]
    assert sum(reason.startswith("the same photo as unknown/") for reason in reasons) == 20
    assert "a photo of the class red: red/001.png" in reasons
    hashes = read_photo_hashes(ModelFile.load(model.path))
    assert hashes is not None
    assert len(hashes.training) == len(model.dataset.of("training")) + model.unknown.photos


def test_evaluate_and_compare_know_it(options: RetrainOptions) -> None:
    """Photos in a folder of that name are answered rightly with it; they are no photos of a class."""
    model = retrained(options)
    other_things(options.folder / "unknown", 10)
    found = evaluate(model.path, options.folder, split="all", groups="off")
    assert found.unknown == "unknown"
    assert found.count == 36
    assert found.background is not None
    assert found.background.photos == 10
    assert found.classes is not None
    assert found.classes.unknown == {}
    messages: list[str] = []
    comparison = compare(
        model.path, model.path, options.folder, split="all", groups="off", progress=Progress(None, messages.append)
    )
    assert comparison.photos == 36
    assert any("10 photos of the class for the rest of the world: not compared" in line for line in messages)


def test_strangers_that_are_answered_so_are_not_taken_for_a_class(options: RetrainOptions, tmp_path: Path) -> None:
    """Every answer is one of a class only if it is not that label."""
    model = retrained(options)
    folder = tmp_path / "strangers"
    folder.mkdir()
    for index in range(8):
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        tiny.Image.fromarray(pixels).save(folder / f"{index}.png")
    found = evaluate(model.path, options.folder, split="all", groups="off", strangers=folder).strangers
    assert found is not None
    assert found.unknown is not None
    assert found.unknown >= 7
    assert len(found.taken) == 8 - found.unknown
    assert all(taken.label in CLASSES for taken in found.taken)
    assert found.accepted[0].strangers.right == 8 - found.unknown


def test_a_decomposed_name(options: RetrainOptions, tmp_path: Path) -> None:
    """Photos of the classes that get the label get no name of a class, however its letters are written."""
    model = retrained(options, unknown=unicodedata.normalize("NFD", "übrige"))
    folder = tmp_path / "strangers"
    folder.mkdir()
    for index in range(4):
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        tiny.Image.fromarray(pixels).save((options.folder / "red" if index else folder) / f"noise{index}.png")
    found = evaluate(model.path, options.folder, split="all", groups="off", strangers=folder)
    assert found.strangers is not None
    assert found.answered_unknown >= 2
    assert found.strangers.accepted[0].known.right == found.count - found.answered_unknown


def test_it_is_found_and_fitted_on_one_thread(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its bits would depend on the number of cores."""
    inside: dict[str, bool] = {}

    def watch(module: ModuleType, name: str) -> None:
        function = getattr(module, name)

        def watched(*arguments: object) -> object:
            inside[name] = inside.get(name, True) and one_thread._inside > 0
            return function(*arguments)

        monkeypatch.setattr(module, name, watched)

    watch(rest_of_world, "find_directions")
    for name in ("fit_column", "spare_known", "not_like_classes"):
        watch(outside, name)
    retrained(options)
    vectors = unit_rows(np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32))
    known = Labelled(np.random.default_rng(1).exponential(1, (30, 4)), np.arange(30) % 3)
    nothing = Background([], np.zeros((0, 4), np.float32), np.zeros(0, bool), [])
    taught = Outside("unknown", nothing, Directions(vectors, (), "a test"), np.ones((2, 4), np.float32))
    assert taught.as_class(known).facts.directions > 800
    assert inside == dict.fromkeys(("find_directions", "fit_column", "spare_known", "not_like_classes"), True)


def test_cross_validation_final_and_memory(options: RetrainOptions) -> None:
    """The column is fitted in each part, and again on all photos; what is remembered is of the classes alone."""
    model = retrained(options, cross_validate=True, final=True, remember=2)
    assert model.cross_validation is not None
    assert model.cross_validation.scores.shape == (36, 4)
    assert np.allclose(model.cross_validation.scores.sum(axis=1), 1)
    loaded = ModelFile.load(model.path)
    remembered = read_remembered(loaded)
    assert remembered is not None
    assert remembered.labels == CLASSES
    assert loaded.manifest is not None
    assert loaded.manifest.remembered is not None
    assert loaded.manifest.remembered.counts == [2, 2, 2, 0]
    more = options.folder.parent / "more"
    shutil.copytree(options.folder / "red", more / "purple")
    for path in (more / "purple").iterdir():
        tiny.Image.open(path).rotate(90).transpose(tiny.Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    options = dataclasses.replace(options, weights=None, keep_classes=True, backbone=model.path)
    kept = retrained(options, folder=more, output=model.path.with_name("kept.tflite"))
    assert ModelFile.load(kept.path).classes == ("blue", "green", "purple", "red")


def test_another_name(options: RetrainOptions, trainer, tiny_arguments: list[object], tmp_path: Path) -> None:
    """``--unknown NAME`` names label and folder; the command says how many test photos got it, as JSON too."""
    output = tmp_path / "m.tflite"
    shares = ("--validation-percentage", 20, "--testing-percentage", 20)
    done = trainer("retrain", *tiny_arguments, *shares, "--output", output, "--unknown", "other things")
    assert done.returncode == 0, done.stderr
    assert "0 of 4 test photos of the classes got the label other things, the rest of the world\n" in done.stdout
    assert ModelFile.load(output).unknown_label == "other things"
    done = trainer("evaluate", output, options.folder, "--split", "all", "--json")
    printed = json.loads(done.stdout)["unknown"]
    assert printed["label"] == "other things"
    assert printed["background"] is None


def test_the_report_and_the_figures_say_so(options: RetrainOptions) -> None:
    """It is no class in the tables, its column is in the matrix, and what taught it is in the file's table."""
    model = retrained(options, quantizations=("int8",), cross_validate=True, learning_curve=True)
    content = training_content(model, [])
    card, page = render_card(content), render_page(content)
    for text in (card, page):
        assert "3 labels and unknown for the rest of the world" in text
        assert "rest of the world" in text
    assert "the label unknown, taught by 0 photos" in card
    figures = model_json(model)
    assert figures["labels"] == list(CLASSES)
    assert figures["unknown"]["test_photos_answered_so"] == model.evaluation.answered_unknown


def test_real_weights(trained: dict[str, Retrained], drawn_options: RetrainOptions) -> None:
    """A float network with 8-bit weights: walls get the label, drawn flowers keep theirs."""
    options = dataclasses.replace(drawn_options, unknown="unknown", quantizations=("dynamic",))
    model = retrained(options, output=drawn_options.output.with_name("outside.tflite"))
    loaded = ModelFile.load(model.path)
    assert loaded.classes == trained["dynamic"].dataset.labels
    wall = np.full((128, 128, 3), (200, 190, 170), np.uint8)
    assert Classifier(loaded).classify(wall).label == "unknown"
    assert model.evaluation.answered_unknown <= 1
