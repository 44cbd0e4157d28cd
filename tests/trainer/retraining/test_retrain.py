"""The main job: the same photos give the same file, work done is not done again, and nothing is half-written."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import DatasetError, StorageError, UsageError
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.paths import PACKAGES, python_path
from trainer.backbones.architectures import QUANTIZATIONS
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.evaluation.evaluate import evaluate_photos
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained

QUIET = Progress()

EAGER_SCRIPT = """
import sys, time
from types import SimpleNamespace
from trainer.bottlenecks import fill_cache
from trainer.__main__ import main
def monotonic():
    time.sleep(0.02)
    return time.monotonic()
fill_cache.COMMIT_EVERY_S, fill_cache.time = 0.0, SimpleNamespace(monotonic=monotonic)
sys.exit(main())
"""
"""Each bottleneck is written at once, and takes long enough for the other process to see it."""


def test_same_photos_elsewhere_give_the_same_bytes(options: RetrainOptions, tmp_path: Path) -> None:
    """Another folder, another cache, another output name and other time stamps change no byte."""
    (first,) = retrain_all(options, QUIET)
    moved = tmp_path / "moved" / "pictures"
    shutil.copytree(options.folder, moved, copy_function=shutil.copyfile)
    tiny.write_backbone(tmp_path / "other cache")
    other = dataclasses.replace(
        options, folder=moved, bottleneck_dir=tmp_path / "other cache", output=tmp_path / "deep" / "b.tflite"
    )
    (second,) = retrain_all(other, QUIET)
    assert second.path.read_bytes() == first.path.read_bytes()
    assert (first.computed_bottlenecks, second.computed_bottlenecks) == (36, 36)


@pytest.mark.parametrize("change", ["photo", "seed", "percentage", "steps"])
def test_other_inputs_give_other_bytes(options: RetrainOptions, change: str) -> None:
    """The file depends on the photos and on every option that shapes the training."""
    before = retrain_all(options, QUIET)[0].path.read_bytes()
    if change == "photo":
        tiny.paint("red", 900).save(options.folder / "red" / "new.png")
    else:
        changes = {"seed": SplitRatios(20, 20, 1), "percentage": SplitRatios(20, 30)}
        ratios, steps = changes.get(change, options.ratios), 1 if change == "steps" else options.training_steps
        options = dataclasses.replace(options, ratios=ratios, training_steps=steps)
    assert retrain_all(options, QUIET)[0].path.read_bytes() != before


def test_second_run_computes_no_bottleneck(options: RetrainOptions) -> None:
    """What is cached is not computed again; one new photo costs one computation."""
    assert [retrain_all(options, QUIET)[0].computed_bottlenecks for _ in range(2)] == [36, 0]
    tiny.paint("red", 900).save(options.folder / "red" / "new.png")
    assert retrain_all(options, QUIET)[0].computed_bottlenecks == 1


def test_accuracy_is_that_of_the_written_file_on_its_test_photos(options: RetrainOptions) -> None:
    """The manifest's accuracy, the reported one and a fresh evaluation of the file agree, and so do the counts."""
    (model,) = retrain_all(options, QUIET)
    loaded = ModelFile.load(model.path)
    assert loaded.manifest is not None
    again = evaluate_photos(loaded, model.dataset.of("test"))
    assert loaded.manifest.accuracy == round(again.accuracy, 6) == round(model.evaluation.accuracy, 6)
    assert loaded.manifest.test_photos == again.count == len(model.dataset.of("test"))
    assert loaded.manifest.photos == model.dataset.counts()
    assert loaded.labels == ("blue", "green", "red")
    assert again.accuracy >= 0.9
    assert model.size_bytes == model.path.stat().st_size


def test_several_kinds_give_a_file_each(options: RetrainOptions) -> None:
    """Two quantizations are two files beside each other, and none under the plain name."""
    models = retrain_all(dataclasses.replace(options, quantizations=("int8", "float32")), QUIET)
    assert [model.path.name for model in models] == ["tiny-int8.tflite", "tiny-float32.tflite"]
    manifests = [ModelFile.load(model.path).manifest for model in models]
    assert [manifest.quantization for manifest in manifests if manifest] == ["int8", "float32"]
    assert not options.output.exists()


def test_output_names_follow_the_quantizations(options: RetrainOptions) -> None:
    """One quantization keeps the name as given; several get theirs before the ending."""

    def outputs(name: str, *quantizations: str) -> list[str]:
        asked = dataclasses.replace(options, output=Path("a") / name, quantizations=quantizations)
        return [path.as_posix() for path in asked.outputs]

    assert outputs("b.tflite", "int8") == ["a/b.tflite"]
    assert outputs("b.tflite", "int8", "float16") == ["a/b-int8.tflite", "a/b-float16.tflite"]
    assert outputs("b", "int8", "dynamic") == ["a/b-int8.tflite", "a/b-dynamic.tflite"]


def test_summaries_lie_under_the_models_name(options: RetrainOptions, tmp_path: Path) -> None:
    """With --summaries-dir each quantization gets its three runs; without it nothing is written."""
    retrain_all(options, QUIET)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "photos", "tiny.tflite"]
    retrain_all(dataclasses.replace(options, summaries_dir=tmp_path / "logs", quantizations=("int8", "float32")), QUIET)
    runs = sorted(
        path.parent.relative_to(tmp_path / "logs").as_posix() for path in (tmp_path / "logs").rglob("events.*")
    )
    stem = tiny.ARCHITECTURE.name
    assert runs == [
        f"{stem}-{quantization}/{run}"
        for quantization in ("float32", "int8")
        for run in ("test", "train", "validation")
    ]


def test_place_that_cannot_be_written_is_known_before_the_work(
    options: RetrainOptions, tmp_path: Path, read_only_disk: Path
) -> None:
    """A folder, a file in the way and a read-only disk are refused before any bottleneck is computed."""
    (tmp_path / "file").touch()
    for output in (tmp_path, tmp_path / "file" / "m.tflite", read_only_disk / "m.tflite"):
        with pytest.raises(StorageError, match=r"is a folder|cannot be written"):
            retrain_all(dataclasses.replace(options, output=output), QUIET)
    assert not (options.bottleneck_dir / FILE_NAME).exists()


def test_full_disk_leaves_no_model(options: RetrainOptions, small_disk: Callable[[str], Path]) -> None:
    """Where the model does not fit, the error says so and nothing is left at its place."""
    disk = small_disk("8k")
    (disk / "old.tflite").write_bytes(bytes(8192))
    with pytest.raises(StorageError, match="No space left on device"):
        retrain_all(dataclasses.replace(options, output=disk / "m.tflite"), QUIET)
    assert os.listdir(disk) == ["old.tflite"]


@pytest.mark.parametrize("steps", [0, -3])
def test_training_without_steps_is_a_usage_error(options: RetrainOptions, steps: int) -> None:
    """At least one step is needed."""
    with pytest.raises(UsageError, match=f"--training-steps {steps} trains nothing"):
        retrain_all(dataclasses.replace(options, training_steps=steps), QUIET)


def test_numbered_class_names_survive(options: RetrainOptions) -> None:
    """Classes that look like numbered lines of a label file come back as they are."""
    for number, label in enumerate(tiny.COLOURS):
        (options.folder / label).rename(options.folder / f"{number} euro")
    (model,) = retrain_all(options, QUIET)
    assert ModelFile.load(model.path).labels == ("0 euro", "1 euro", "2 euro")


def test_too_few_photos_leave_no_model(options: RetrainOptions) -> None:
    """A class with two photos is named, and there is no file."""
    for path in sorted((options.folder / "red").iterdir())[2:]:
        path.unlink()
    with pytest.raises(DatasetError, match=r"class 'red' has too few photos \(2\)"):
        retrain_all(options, QUIET)
    assert not options.output.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_run_leaves_no_model_and_is_taken_up(
    large_photos: Path, cache: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """Stopped among the bottlenecks there is no output file, no traceback, and the next run goes on from there."""
    output = tmp_path / "out" / "m.tflite"
    arguments = ["--architecture", tiny.ARCHITECTURE.name, "--weights", "random", "--output", str(output)]
    child = subprocess.Popen(
        [sys.executable, "-c", EAGER_SCRIPT, "retrain", str(large_photos), "--bottleneck-dir", str(cache), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": python_path(PACKAGES)},
    )
    while committed(cache) < 10 and child.poll() is None:
        pass
    child.send_signal(number)
    _, talk = child.communicate()
    assert child.returncode in (130, -number)
    assert "Traceback" not in talk
    assert ("trainer: interrupted; run the same command again to go on" in talk) == (child.returncode == 130)
    assert not output.exists()
    assert [path.name for path in output.parent.iterdir()] == []
    survived = committed(cache)
    ratios = SplitRatios(20, 20)
    options = RetrainOptions(
        large_photos, output, cache, tiny.ARCHITECTURE, weights="random", ratios=ratios, unknown=None
    )
    (model,) = retrain_all(options, QUIET)
    assert model.computed_bottlenecks == 120 - survived < 120
    assert model.evaluation.accuracy >= 0.9


def committed(folder: Path) -> int:
    """How many bottlenecks the cache in ``folder`` has; 0 as long as there is no table."""
    try:
        database = sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True)
        try:
            return int(database.execute("SELECT count(*) FROM bottlenecks").fetchone()[0])
        finally:
            database.close()
    except sqlite3.OperationalError:
        return 0


@pytest.mark.xdist_group("tensorflow")
def test_real_training_beats_chance_in_every_kind(trained: dict[str, Retrained]) -> None:
    """On drawn flowers, with weights from ImageNet, each quantization is far better than the chance of 20 percent."""
    assert list(trained) == list(QUANTIZATIONS)
    for quantization, model in trained.items():
        assert model.fit.steps[-1].training_accuracy > 0.9, quantization
        assert model.evaluation.accuracy >= 0.45, quantization
        assert model.dataset.labels == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
        assert model.backbone.weights.origin == "imagenet (1.0_224, offline extra)"


@pytest.mark.xdist_group("tensorflow")
def test_sizes_are_in_the_order_of_the_quantizations(trained: dict[str, Retrained]) -> None:
    """A float16 file is half, int8 and dynamic files about a quarter of the float32 one."""
    whole = trained["float32"].size_bytes
    assert 12.5e6 < whole < 13.5e6
    assert 0.49 < trained["float16"].size_bytes / whole < 0.52
    assert 0.24 < trained["int8"].size_bytes / whole < 0.30
    assert 0.24 < trained["dynamic"].size_bytes / whole < 0.30


@pytest.mark.xdist_group("tensorflow")
def test_cached_real_run_needs_no_tensorflow_and_gives_the_same_files(
    trained: dict[str, Retrained], drawn_options: RetrainOptions, tmp_path: Path, childless_trainer
) -> None:
    """With everything cached all four quantizations are retrained without a child process, to the same bytes."""
    choices = [part for quantization in QUANTIZATIONS for part in ("--quantization", quantization)]
    done = childless_trainer(
        "retrain",
        drawn_options.folder,
        *(
            "--architecture",
            "mobilenet_1.0_128",
            "--weights",
            "offline",
            "--bottleneck-dir",
            drawn_options.bottleneck_dir,
        ),
        *("--output", tmp_path / "again.tflite", "--testing-percentage", 20, "--validation-percentage", 20),
        *choices,
        "--no-unknown",
    )
    assert (done.returncode, done.stderr) == (0, "")
    for quantization, model in trained.items():
        assert (tmp_path / f"again-{quantization}.tflite").read_bytes() == model.path.read_bytes(), quantization
