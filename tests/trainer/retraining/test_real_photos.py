"""The whole way on real photos and real weights: retrain, evaluate, and label as a device would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.modelfile.model_file import ModelFile

pytestmark = [pytest.mark.numeric, pytest.mark.xdist_group("tensorflow")]


@pytest.fixture(scope="module")
def retrained(shared: Path, once, command_line) -> tuple[Path, dict]:
    """mobilenet_0.25_128, int8, on the real flowers: the model's path and what the command said of it."""

    def fill(folder: Path) -> None:
        done = command_line(
            *("-m", "trainer", "retrain", shared / "flower_photos", "--architecture", "mobilenet_0.25_128"),
            *("--output", folder / "flowers.tflite", "--bottleneck-dir", folder / "cache"),
            *("--testing-percentage", 30, "--json"),
            env={"KERAS_HOME": str(shared / "keras_home")},
        )
        assert done.returncode == 0, done.stderr
        (folder / "said.json").write_text(done.stdout)

    folder = once("real", fill)
    (model,) = json.loads((folder / "said.json").read_text())["models"]
    return folder / "flowers.tflite", model


@pytest.fixture(scope="module")
def evaluated(shared: Path, retrained: tuple[Path, dict], once, command_line) -> dict:
    """What trainer evaluate says of every photo, as JSON."""

    def fill(folder: Path) -> None:
        photos = ("--split", "all", shared / "flower_photos")
        done = command_line("-m", "trainer", "evaluate", retrained[0], *photos, "--json")
        assert done.returncode == 0, done.stderr
        (folder / "said.json").write_text(done.stdout)

    return json.loads((once("evaluated", fill) / "said.json").read_text())


def test_real_flowers_are_told_apart(retrained: tuple[Path, dict]) -> None:
    """The smallest network names more than 70 percent of the test photos, as its bottlenecks promised."""
    path, model = retrained
    assert model["weights"] == "imagenet"
    assert model["labels"] == ["daisy", "dandelion", "roses", "sunflowers", "tulips"]
    assert model["test_photos"] > 350
    assert model["test_accuracy"] > 0.70
    assert abs(model["test_accuracy"] - model["promised_accuracy"]) <= 0.005
    manifest = ModelFile.load(path).manifest
    assert manifest is not None
    assert manifest.accuracy == model["test_accuracy"]


def test_evaluation_of_the_test_split_is_the_manifests(
    shared: Path, retrained: tuple[Path, dict], command_line
) -> None:
    """The held-out photos are found again, and the file is worth what it says."""
    path, model = retrained
    done = command_line("-m", "trainer", "evaluate", path, shared / "flower_photos", "--split", "test", "--json")
    printed = json.loads(done.stdout)
    assert (printed["accuracy"], printed["judged"]) == (model["test_accuracy"], model["test_photos"])


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_edge_label_agrees_with_trainer_evaluate_on_every_photo(
    shared: Path, retrained: tuple[Path, dict], evaluated: dict, command_line, runtime: str
) -> None:
    """Label for label on LiteRT; tflite-runtime's int8 kernels round otherwise, and may turn a close decision."""
    if runtime == "tflite-runtime":
        pytest.importorskip("tflite_runtime")
    done = command_line(
        *("-m", "edge", "label", "--model", retrained[0], "--json", "--top-k", 2, shared / "flower_photos"),
        env={"EDGE_RUNTIME": runtime},
    )
    assert done.returncode == 0, done.stderr
    labelled = {(printed := json.loads(line))["path"]: printed for line in done.stdout.splitlines()}
    assert len(evaluated["photos"]) == evaluated["judged"] == retrained[1]["used"]
    differing = []
    for photo in evaluated["photos"]:
        said = labelled[photo["path"]]
        if said["labels"][0] != photo["label"]:
            differing.append((said["scores"][0] - said["scores"][1], photo["path"]))
        elif runtime == "litert":
            assert said["scores"][0] == pytest.approx(photo["score"], abs=1e-5)
    if runtime == "litert":
        assert differing == []
    else:
        assert max(differing, default=(0.0, ""))[0] <= 32 / 256
        assert len(differing) <= 0.02 * len(evaluated["photos"])
