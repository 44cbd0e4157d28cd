"""``trainer retrain`` with fine-tuning: which weights the model gets, what is printed, and what is cached."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.modelfile.model_file import ModelFile
from support import tiny
from support.fine_tuned import RATIOS, RECIPE
from trainer.cli import app
from trainer.fine_tuning.fine_tune import Tuned
from trainer.photos.dataset import Dataset
from trainer.progress import Progress
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all

pytestmark = pytest.mark.xdist_group("tensorflow")
QUIET = Progress()


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
        unknown=None,
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
    assert model.fine_tuning.after.accuracy < 0.9
    assert model.fine_tuning.after.cross_entropy > 0.2
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
    assert re.search(line.format("the pretrained weights are kept") + r"0\.00\d -> \d\.\d{3}\n", lost.stdout)
    monkeypatch.setattr("trainer.retraining.tuned_or_pretrained.is_worse", lambda after, before: False)
    assert re.search(line.format(r"best after \d"), CliRunner().invoke(app, call).stdout)
    printed = json.loads(CliRunner().invoke(app, [*call, "--json"]).stdout)["models"][0]["fine_tuning"]
    assert (printed["from_block"], len(printed["epochs"])) == (12, 4)
    assert printed["before"]["validation_accuracy"] == 1
    assert printed["before"]["validation_cross_entropy"] < 0.01 < 0.2 < printed["after"]["validation_cross_entropy"]


def test_tuned_weights_become_a_model_and_a_second_run_needs_no_tensorflow(
    resumed: tuple[Path, Tuned], options: RetrainOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tuned backbone is used as any other: artifact, bottlenecks, head, splice; and is cached as any other.

    The class for the rest of the world is taught by what fine-tuning makes of random directions, too.
    """
    _, tuned = resumed
    options = dataclasses.replace(options, unknown="unknown")
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
    unknown = manifest.unknown
    assert unknown is not None
    assert (unknown.directions, unknown.source) == (1600, "random, also as fine-tuning moved them")
    first = model.path.read_bytes()

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a child process")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    (again,) = retrain_all(options, QUIET)
    assert again.path.read_bytes() == first
    assert again.computed_bottlenecks == 0
