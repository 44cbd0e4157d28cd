"""Fine-tuning for real, on a few tiny photos and a network with random weights: three processes with TensorFlow."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import tiny
from support.fine_tuned import HEAD, RECIPE
from trainer.backbones.mobilenet_v1 import layer_names
from trainer.backbones.tuned_weights import read_tuned
from trainer.fine_tuning import fine_tune as parent
from trainer.fine_tuning.fine_tune import Tuned, fine_tune
from trainer.fine_tuning.job import Job
from trainer.fine_tuning.recipe import Recipe
from trainer.photos.dataset import Dataset
from trainer.progress import Progress

pytestmark = pytest.mark.xdist_group("tensorflow")
QUIET = Progress()

IN_ONE_PROCESS = """
import json, sys
from pathlib import Path
import numpy as np
from edge.errors import EdgeError
from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.folded_mobilenet import compute_features, in_units, run_network
from trainer.backbones.mobilenet_v1 import layer_names
from trainer.backbones.read_layers import random_layers
from trainer.fine_tuning.checkpoint import write_tuned
from trainer.fine_tuning.layers import with_learnt_norms
from trainer.fine_tuning.train import tune
from trainer.fine_tuning.job import Job
architecture = Architecture(0.25, 128)
layers = random_layers(architecture)
model = build_model(architecture, layers)
pictures = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
folded = {name: layer.folded() for name, layer in in_units(layers).items()}
folded["conv_pw_13"] = (2 * folded["conv_pw_13"][0], folded["conv_pw_13"][1] + 0.5)
expected = compute_features(pictures, folded).numpy()
other = build_model(architecture, folded)
keras, untouched = (m(pictures / np.float32(127.5) - 1, training=False).numpy() for m in (other, model))
said = {"spread": float(expected.std()), "unfolded": float(abs(keras - expected).max())}
folded = {name: layer.folded() for name, layer in in_units(layers).items()}
write_tuned(Path(sys.argv[1]).with_suffix(".npz"), folded, [])
said["folded"] = float(abs(compute_features(pictures, folded).numpy() - untouched).max())
dark = np.random.default_rng(1).integers(0, 100, (8, 128, 128, 3), np.uint8)
norms = with_learnt_norms(in_units(layers), layer_names(), pictures)
first = {name: layer.folded(name) for name, layer in norms.items()}
said["normalised"] = float(abs(compute_features(dark, first).numpy() - compute_features(dark, folded).numpy()).max())
def learn(momentum):
    return run_network(dark, norms, lambda name, values: norms[name].learn(name, values, momentum)).numpy()
learnt = learn(0.0)
after = {name: layer.folded(name) for name, layer in norms.items()}
said["moved"] = float(abs(compute_features(dark, first).numpy() - learnt).mean())
said["averaged"] = float(abs(compute_features(dark, after).numpy() - learnt).mean())
before = norms["conv1"].mean.numpy()
dark = pictures
learn(1.0)
said["stayed"] = float(abs(norms["conv1"].mean.numpy() - before).max())
for path in sys.argv[1:]:
    reports = []
    try:
        tune(Job.from_json(Path(path).read_text()), reports.append)
        said[Path(path).stem] = reports
    except EdgeError as error:
        said[Path(path).stem] = [type(error).__name__, str(error)]
print(json.dumps(said))
"""


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
    """What one process with TensorFlow reports of the folded network, a whole fine-tuning and one that diverges."""
    folder = tmp_path_factory.mktemp("jobs")
    recipes = {
        "whole": RECIPE,
        "diverging": dataclasses.replace(RECIPE, learning_rate=1e30),
    }
    for name, recipe in recipes.items():
        (folder / f"{name}.json").write_text(job_of(folder / name, recipe).to_json())
    done = command_line("-c", IN_ONE_PROCESS, *(folder / f"{name}.json" for name in recipes))
    assert done.returncode == 0, done.stderr
    return {
        **json.loads(done.stdout.splitlines()[-1]),
        "job": Job.from_json((folder / "whole.json").read_text()),
        "before": folder / "whole.npz",
    }


def test_folded_network_computes_what_keras_computes(said: dict[str, Any]) -> None:
    """With batch norm folded in, and with other weights on the way back, the features are Keras' own."""
    assert said["spread"] > 0.1
    assert said["folded"] < 1e-4
    assert said["unfolded"] < 1e-4


def test_batch_norms_begin_with_what_the_network_computes(said: dict[str, Any]) -> None:
    """Whatever pictures they are made from, the features of others are those of the network without them."""
    assert said["normalised"] < 1e-3


def test_averages_stand_for_the_batch_when_the_norms_are_folded(said: dict[str, Any]) -> None:
    """With no memory they are the last batch's own numbers; with nothing but memory they stay."""
    assert said["averaged"] < 0.3 * said["moved"]
    assert said["stayed"] == 0


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
    """Every epoch is seeded: killed in the second and continued, the third ends in the very same bytes."""
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
