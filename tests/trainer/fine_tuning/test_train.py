"""Fine-tuning for real, on a few tiny photos and a network with random weights: three processes with TensorFlow."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.modelfile.model_file import ModelFile
from support import tiny
from support.paths import PACKAGES, TESTS, python_path
from trainer.backbones.folded_mobilenet import layer_names
from trainer.backbones.tuned_weights import read_tuned
from trainer.cli import app
from trainer.fine_tuning import fine_tune as parent
from trainer.fine_tuning.fine_tune import Tuned, find_tuned, fine_tune
from trainer.fine_tuning.job import Job
from trainer.fine_tuning.recipe import Recipe
from trainer.head.fit import Head
from trainer.photos.augmentation import Strength
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.folder import list_photos
from trainer.photos.reading import read_contents
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

pytestmark = pytest.mark.xdist_group("tensorflow")

RECIPE = Recipe(
    epochs=3,
    from_block=12,
    picture_size=96,
    batch=4,
    patience=1,
    learning_rate=1e-2,
    label_smoothing=0,
    strength=Strength(saturation=0.1, tint=0),  # only colour distinguishes these photos
)
RATIOS = SplitRatios(20, 20)
HEAD = Head(np.zeros((256, 3)), np.zeros(3))
QUIET = Progress()

IN_ONE_PROCESS = """
import json, sys
from pathlib import Path
import numpy as np
from edge.errors import EdgeError
from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.folded_mobilenet import compute_features, fold_layers, unfold
from trainer.fine_tuning.checkpoint import write_tuned
from trainer.fine_tuning.train import tune
from trainer.fine_tuning.job import Job
architecture = Architecture(0.25, 128)
model, other = build_model(architecture, None), build_model(architecture, None)
pictures = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
folded = {name: layer.folded() for name, layer in fold_layers(model).items()}
folded["conv_pw_13"] = (2 * folded["conv_pw_13"][0], folded["conv_pw_13"][1] + 0.5)
expected = compute_features(pictures, folded).numpy()
unfold(other, folded)
keras, untouched = (m(pictures / np.float32(127.5) - 1, training=False).numpy() for m in (other, model))
said = {"spread": float(expected.std()), "unfolded": float(abs(keras - expected).max())}
folded = {name: layer.folded() for name, layer in fold_layers(model).items()}
write_tuned(Path(sys.argv[1]).with_suffix(".npz"), folded, [])
said["folded"] = float(abs(compute_features(pictures, folded).numpy() - untouched).max())
for path in sys.argv[1:]:
    reports = []
    try:
        tune(Job.from_json(Path(path).read_text()), reports.append)
        said[Path(path).stem] = reports
    except EdgeError as error:
        said[Path(path).stem] = [type(error).__name__, str(error)]
print(json.dumps(said))
"""

KILLED = """
import json, os, signal, sys
from pathlib import Path
from test_train import HEAD, RECIPE, as_dataset
import contextlib
from support import tiny
from trainer.fine_tuning.fine_tune import fine_tune
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.photos.split import SplitRatios

class Deadly(Progress):
    @contextlib.contextmanager
    def stage(self, name, total=None):
        done = 0
        def advance(count):
            nonlocal done
            done += count
            if done > total / RECIPE.epochs * 1.5:
                with open("/proc/self/task/%d/children" % os.getpid()) as children:
                    print(children.read(), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        yield advance

fine_tune(Path(sys.argv[1]), tiny.backbone(), as_dataset(Path(sys.argv[2])), RECIPE, head=HEAD, progress=Deadly())
"""


def as_dataset(folder: Path) -> Dataset:
    """The photos painted into ``folder``, split."""
    listing = list_photos(folder)
    return assemble(listing, read_contents(listing), RATIOS)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Painted photos."""
    return as_dataset(tiny.paint_folder(tmp_path_factory.mktemp("painted") / "photos"))


@pytest.fixture(scope="module")
def job_of(dataset: Dataset) -> Callable[[Path, Recipe], Job]:
    """The job that the parent would give to its child."""

    def make(cache: Path, recipe: Recipe) -> Job:
        class Caught(Exception):
            pass

        def catch(*arguments: object, text: str, **options: object) -> None:
            raise Caught(text)

        with pytest.MonkeyPatch.context() as patch, pytest.raises(Caught) as caught:
            patch.setattr(parent, "run_tensorflow", catch)
            fine_tune(cache, tiny.backbone(), dataset, recipe, head=HEAD, progress=QUIET)
        return Job.from_json(str(caught.value))

    return make


@pytest.fixture(scope="module")
def said(
    job_of: Callable[[Path, Recipe], Job], tmp_path_factory: pytest.TempPathFactory, command_line: Any
) -> dict[str, Any]:
    """What one process with TensorFlow says of the folded network, a whole fine-tuning and one that diverges."""
    folder = tmp_path_factory.mktemp("jobs")
    for name, recipe in {"whole": RECIPE, "diverging": dataclasses.replace(RECIPE, learning_rate=1e30)}.items():
        (folder / f"{name}.json").write_text(job_of(folder / name, recipe).to_json())
    done = command_line("-c", IN_ONE_PROCESS, folder / "whole.json", folder / "diverging.json")
    assert done.returncode == 0, done.stderr
    return {
        **json.loads(done.stdout.splitlines()[-1]),
        "job": Job.from_json((folder / "whole.json").read_text()),
        "before": folder / "whole.npz",
    }


@pytest.fixture(scope="module")
def resumed(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tuned]:
    """A fine-tuning whose parent was killed in the middle of its second epoch, and which was then taken up."""
    cache = tmp_path_factory.mktemp("killed")
    paths = python_path(PACKAGES, TESTS, TESTS / "trainer" / "fine_tuning")
    script = [sys.executable, "-c", KILLED, str(cache), str(dataset.photos[0].path.parents[1])]
    done = subprocess.run(script, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_for_the_end_of(int(done.stdout))
    assert [path.suffix for path in (cache / "tuned").iterdir()] == [".checkpoint"]
    assert find_tuned(cache, tiny.backbone(), dataset, RECIPE) is None
    return cache, fine_tune(cache, tiny.backbone(), dataset, RECIPE, head=HEAD, progress=QUIET)


def wait_for_the_end_of(process: int) -> None:
    """An orphan ends by itself when its parent no longer reads; a minute is more than it needs."""
    for _ in range(600):
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("the child goes on without its parent")


def test_folded_network_computes_what_keras_computes(said: dict[str, Any]) -> None:
    """With batch norm folded in, and with other weights on the way back, the features are Keras' own."""
    assert said["spread"] > 0.1
    assert said["folded"] < 1e-4
    assert said["unfolded"] < 1e-4


def test_every_training_photo_is_reported_once_an_epoch(said: dict[str, Any], dataset: Dataset) -> None:
    """Every batch of every epoch: what the bar counts."""
    photos = len(dataset.of("training"))
    assert sum(said["whole"]) == 3 * photos
    assert len(said["whole"]) == 3 * -(-photos // 4)


def test_test_photos_are_never_seen(said: dict[str, Any], dataset: Dataset) -> None:
    """The child gets the paths of the training and validation photos alone."""
    paths = [photo.path for photo in said["job"].training + said["job"].validation]
    expected = [str(photo.path) for split in ("training", "validation") for photo in dataset.of(split)]
    assert paths == expected
    assert len(paths) == len(dataset.photos) - len(dataset.of("test")) < len(dataset.photos)


def test_diverging_loss_is_one_line(said: dict[str, Any]) -> None:
    """A loss that is no longer a number ends the fine-tuning and says in which epoch."""
    kind, line = said["diverging"]
    assert kind == "DatasetError"
    assert line.startswith("fine-tuning diverged: the loss of epoch 1 is not a finite number")


def test_killed_and_resumed_gives_the_weights_of_an_unbroken_run(
    said: dict[str, Any], resumed: tuple[Path, Tuned]
) -> None:
    """Every epoch is seeded: killed in the second and taken up, the third ends in the very same bytes."""
    cache, tuned = resumed
    assert tuned.weights.path is not None
    assert tuned.weights.path.read_bytes() == Path(said["job"].output).read_bytes()
    assert len(tuned.epochs) == 4
    assert [path.name for path in (cache / "tuned").iterdir()] == [tuned.weights.path.name]


def test_only_the_last_blocks_have_changed(said: dict[str, Any], resumed: tuple[Path, Tuned]) -> None:
    """From block 12 on every kernel is another one, below it none, and learning has helped on validation photos."""
    _, tuned = resumed
    assert tuned.weights.path is not None
    before, after = read_tuned(said["before"]), read_tuned(tuned.weights.path)
    assert list(before) == list(after) == layer_names()
    changed = [name for name in before if not np.array_equal(before[name][0], after[name][0])]
    assert changed == layer_names(12) == ["conv_dw_12", "conv_pw_12", "conv_dw_13", "conv_pw_13"]
    assert tuned.best_epoch > 0
    start, best = tuned.epochs[0], tuned.epochs[tuned.best_epoch]
    assert start.validation_cross_entropy == pytest.approx(np.log(3), abs=1e-5)  # the head knew nothing
    assert best.validation_cross_entropy < start.validation_cross_entropy
    assert tuned.weights.origin == "random, fine-tuned"


@pytest.fixture
def options(resumed: tuple[Path, Tuned], dataset: Dataset, tmp_path: Path) -> RetrainOptions:
    """Fine-tuning makes the model worse: the tiny backbone replaces the random one, and is better."""
    cache, _ = resumed
    tiny.write_backbone(cache)
    return RetrainOptions(
        folder=dataset.photos[0].path.parents[1],
        output=tmp_path / "tuned.tflite",
        bottleneck_dir=cache,
        architecture=tiny.ARCHITECTURE,
        weights="random",
        ratios=RATIOS,
        fine_tune=RECIPE,
    )


def test_fine_tuning_that_loses_leaves_the_pretrained_weights(
    resumed: tuple[Path, Tuned], options: RetrainOptions
) -> None:
    """The head is that of a run without fine-tuning, and the manifest says that no epoch was kept."""
    _, tuned = resumed
    (model,) = retrain_all(options, QUIET)
    assert model.fine_tuning is not None
    assert model.fine_tuning.tuned == tuned
    assert model.fine_tuning.weights == tiny.backbone().weights
    assert (model.fine_tuning.before.accuracy, model.fine_tuning.before.cross_entropy) == (
        1,
        pytest.approx(0.004, abs=0.002),
    )
    assert model.fine_tuning.after.accuracy < 0.6
    assert model.fine_tuning.after.cross_entropy == pytest.approx(np.log(3), abs=0.2)
    manifest = ModelFile.load(model.path).manifest
    assert manifest is not None
    assert {name: manifest.training[name] for name in ("weights", "fine_tune", "fine_tune_best_epoch")} == {
        "weights": "random",
        "fine_tune": 3,
        "fine_tune_best_epoch": 0,
    }
    (plain,) = retrain_all(dataclasses.replace(options, fine_tune=None), QUIET)
    np.testing.assert_array_equal(model.fit.head.weights, plain.fit.head.weights)


def test_retrain_tells_what_fine_tuning_came_to(options: RetrainOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line compares a head before with a head after, each fitted to the end; the JSON has the same numbers."""
    monkeypatch.setattr("trainer.commands.retrain._recipe", lambda *asked: RECIPE)
    call = [
        "retrain",
        str(options.folder),
        "--output",
        str(options.output),
        "--bottleneck-dir",
        str(options.bottleneck_dir),
    ]
    call += ["--architecture", tiny.ARCHITECTURE.name, "--weights", "random"]
    call += ["--testing-percentage", "20", "--validation-percentage", "20"]
    lost = CliRunner().invoke(app, call)
    assert lost.exit_code == 0, lost.output
    line = r"fine-tuned from block 12, 3 of 3 epochs, {}: validation accuracy 100\.0 % -> \d+\.\d %, cross entropy "
    assert re.search(line.format("the pretrained weights are kept") + r"0\.00\d -> 1\.\d{3}\n", lost.stdout)
    monkeypatch.setattr("trainer.retraining.tuned_or_pretrained.is_worse", lambda after, before: False)
    assert re.search(line.format(r"best after \d"), CliRunner().invoke(app, call).stdout)
    printed = json.loads(CliRunner().invoke(app, [*call, "--json"]).stdout)["models"][0]["fine_tuning"]
    assert (printed["from_block"], len(printed["epochs"])) == (12, 4)
    assert printed["before"]["validation_accuracy"] == 1
    assert printed["before"]["validation_cross_entropy"] < 0.01 < 1 < printed["after"]["validation_cross_entropy"]


def test_tuned_weights_become_a_model_and_a_second_run_needs_no_tensorflow(
    resumed: tuple[Path, Tuned], options: RetrainOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tuned backbone goes the way of any other: artifact, bottlenecks, head, splice; and is cached as any other."""
    _, tuned = resumed
    monkeypatch.setattr("trainer.retraining.tuned_or_pretrained.is_worse", lambda after, before: False)
    (model,) = retrain_all(options, QUIET)
    assert model.fine_tuning is not None
    assert model.fine_tuning.tuned == tuned
    assert model.fine_tuning.best_epoch == tuned.best_epoch
    assert model.backbone.weights == model.fine_tuning.weights == tuned.weights
    assert model.backbone.bottleneck_size == 256
    manifest = ModelFile.load(model.path).manifest
    assert manifest is not None
    facts = {name: manifest.training[name] for name in ("weights", "weights_sha256", "fine_tune", "fine_tune_from")}
    expected = {"weights": "random, fine-tuned", "weights_sha256": tuned.weights.sha256}
    assert facts == {**expected, "fine_tune": 3, "fine_tune_from": 12}
    first = model.path.read_bytes()

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a child process")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    (again,) = retrain_all(options, QUIET)
    assert again.path.read_bytes() == first
    assert again.computed_bottlenecks == 0
