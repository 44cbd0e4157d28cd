"""The grid of model files: measured accuracies or none, no download, and finished files are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

import trainer.backbones.backbone
from edge.errors import StorageError
from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from support import tiny
from trainer.backbones.architectures import Architecture
from trainer.backbones.weights import Weights, keras_cache_file
from trainer.bottlenecks.workers import Threads
from trainer.grid.build import (
    DEFAULT_QUANTIZATIONS,
    UNTRAINED_LABELS,
    UNTRAINED_NOTE,
    Grid,
    GridOptions,
    build_grid,
    model_file_name,
)
from trainer.photos.folder import list_photos
from trainer.progress import Progress

NAMES = [model_file_name(tiny.ARCHITECTURE, quantization) for quantization in DEFAULT_QUANTIZATIONS]


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' cache is empty, and a download fails the test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

    def refuse(architecture: Architecture) -> None:
        raise AssertionError(f"a download of {architecture.name}")

    monkeypatch.setattr(trainer.backbones.backbone, "download", refuse)


@pytest.fixture
def weights(no_weights: None, cache: Path) -> None:
    """Weights of the tiny architecture are on this machine, and its backbones, made from them, are in the cache."""
    path = keras_cache_file(tiny.ARCHITECTURE)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    found = Weights("imagenet", path, hashlib.sha256(b"weights").hexdigest())
    for quantization in DEFAULT_QUANTIZATIONS:
        tiny.write_backbone(cache, quantization, weights=found)


@pytest.fixture
def grid_options(cache: Path, tmp_path: Path) -> GridOptions:
    """The one architecture with tiny backbones in the cache, both quantizations, no photos."""
    return GridOptions(folder=tmp_path / "grid", bottleneck_dir=cache, architectures=(tiny.ARCHITECTURE,))


def build(options: GridOptions) -> Grid:
    """Build the grid without showing progress."""
    return build_grid(options, Progress())


def test_model_without_photos_has_no_accuracy(grid_options: GridOptions) -> None:
    """It has five labels, no accuracy, a note that says why, and a self-test that passes."""
    built = build(grid_options)
    assert [model.path.name for model in built.models] == NAMES
    assert NAMES[0] == "mobilenet_0.25_128-int8.tflite"
    for built_model in built.models:
        model = ModelFile.load(built_model.path)
        assert model.manifest is not None
        assert model.labels == UNTRAINED_LABELS == ("class 0", "class 1", "class 2", "class 3", "class 4")
        assert (model.manifest.accuracy, model.manifest.test_photos) == (None, 0)
        assert (model.manifest.training["weights"], model.manifest.training["note"]) == ("random", UNTRAINED_NOTE)
        assert (built_model.weights, built_model.accuracy, built_model.test_photos) == ("random", None, 0)
        assert built_model.size_bytes == built_model.path.stat().st_size
        assert not built_model.kept
        assert run_self_test(Classifier(model, runtime="litert")).passed


def test_same_options_give_the_same_bytes(grid_options: GridOptions, tmp_path: Path) -> None:
    """The random head comes from a fixed seed."""
    first = build(grid_options)
    again = build(dataclasses.replace(grid_options, folder=tmp_path / "again"))
    for one, other in zip(first.models, again.models, strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()


def test_second_run_keeps_what_is_finished(grid_options: GridOptions) -> None:
    """Finished files are not written again; a missing, a damaged and another model's file are built."""
    one, other = (model.path for model in build(grid_options).models)
    wanted = one.read_bytes(), other.read_bytes()
    written = one.stat().st_mtime_ns
    assert [model.kept for model in build(grid_options).models] == [True, True]
    other.unlink()
    assert [model.kept for model in build(grid_options).models] == [True, False]
    other.write_bytes(wanted[1][:-100])
    assert [model.kept for model in build(grid_options).models] == [True, False]
    other.write_bytes(wanted[0])
    assert [model.kept for model in build(grid_options).models] == [True, False]
    assert (one.read_bytes(), other.read_bytes()) == wanted
    assert one.stat().st_mtime_ns == written


def test_model_without_weights_has_the_labels_of_the_folder(grid_options: GridOptions, photos: Path) -> None:
    """Without weights the head is not trained, even if there are photos, and the file has no accuracy."""
    options = dataclasses.replace(grid_options, image_dir=photos)
    built = build(options)
    for built_model in built.models:
        model = ModelFile.load(built_model.path)
        assert model.labels == ("blue", "green", "red")
        assert model.manifest is not None and model.manifest.accuracy is None
    assert built.dataset is not None and len(built.dataset.photos) == 36
    tiny.paint("red", 99).save(photos / "red" / "new.png")
    assert [model.kept for model in build(options).models] == [True, True]


def test_model_with_weights_is_trained_and_evaluated(grid_options: GridOptions, weights: None, photos: Path) -> None:
    """The manifest has the measured accuracy; a second run keeps the file, one more photo makes a new one."""
    options = dataclasses.replace(grid_options, image_dir=photos)
    untrained = build(grid_options)
    assert [model.weights for model in untrained.models] == ["imagenet", "imagenet"]
    trained = build(options)
    for model in trained.models:
        manifest = ModelFile.load(model.path).manifest
        assert manifest is not None
        assert model.accuracy is not None and model.accuracy > 0.6
        assert manifest.accuracy == pytest.approx(model.accuracy, abs=1e-6)
        assert manifest.test_photos == model.test_photos > 0
        assert "note" not in manifest.training
        assert model.kept is False
    kept = build(options)
    assert [model.kept for model in kept.models] == [True, True]
    assert [model.accuracy for model in kept.models] == pytest.approx([p.accuracy for p in trained.models], abs=1e-6)
    tiny.paint("red", 99).save(photos / "red" / "new.png")
    assert [model.kept for model in build(options).models] == [False, False]


def test_bottlenecks_of_all_models_are_computed_together(
    grid_options: GridOptions, weights: None, photos: Path
) -> None:
    """One job for a cluster: each photo is handed out once for both files, and not again while they are trained."""
    handed_out: list[str] = []

    class Counting(Threads):
        def map(self, make_worker, items):  # type: ignore[no-untyped-def, override]
            def counted():  # type: ignore[no-untyped-def]
                for item in items:
                    handed_out.append(item.relative)
                    yield item

            return super().map(make_worker, counted())

    built = build_grid(dataclasses.replace(grid_options, image_dir=photos), Progress(), Counting())
    assert [model.kept for model in built.models] == [False, False]
    assert sorted(handed_out) == sorted(photo.relative for photo in list_photos(photos).files)


def test_folder_that_cannot_be_written_is_an_error_before_the_work(grid_options: GridOptions, tmp_path: Path) -> None:
    """A file in the place of the folder is a storage error, and nothing is built."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        build(dataclasses.replace(grid_options, folder=tmp_path / "file"))


def test_command_lists_the_models(childless_trainer, grid_options: GridOptions, tmp_path: Path) -> None:
    """One line per model on stderr, a table or JSON on stdout; the second run says which files it kept."""
    env = {"KERAS_HOME": str(tmp_path / "keras")}
    command = ["grid", "build", tmp_path / "grid", "--architecture", tiny.ARCHITECTURE.name]
    command += ["--bottleneck-dir", grid_options.bottleneck_dir]
    done = childless_trainer(*command, "--quantization", "int8", env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("trainer: [1/1] mobilenet_0.25_128-int8.tflite: no accuracy, ")
    assert "random" in done.stdout and "built" in done.stdout
    done = childless_trainer(*command, "--json", env=env)
    facts = json.loads(done.stdout)
    assert [(model["quantization"], model["kept"]) for model in facts["points"]] == [("int8", True), ("float32", False)]
    assert [model["accuracy"] for model in facts["points"]] == [None, None]
    assert facts["skipped"] == []
    assert "[1/2] mobilenet_0.25_128-int8.tflite: no accuracy, 0.00 MB, kept" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--architecture", "mobilenet_2.0_224"], 2, "unknown architecture"),
        (["--quantization", "int4"], 2, "int4"),
        (["no-such-folder"], 65, "no such folder"),
    ],
)
def test_command_refuses_wrong_arguments(
    trainer, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    """An unknown architecture or quantization is a usage error, a missing folder of photos a data error."""
    done = trainer("grid", "build", tmp_path / "grid", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert not list((tmp_path / "grid").glob("*.tflite"))


def test_files_of_an_untrained_network_have_their_size(tmp_path: Path) -> None:
    """0.25_128 is 301 kB for int8 and 858 kB for float32; no constants are shared, so weights do not change that."""
    built = build(GridOptions(tmp_path / "grid", tmp_path / "cache", architectures=(Architecture(0.25, 128),)))
    assert [model.size_bytes for model in built.models] == pytest.approx([300_545, 858_054], rel=0.001)
    for model in built.models:
        assert run_self_test(Classifier(ModelFile.load(model.path), runtime="litert")).passed
