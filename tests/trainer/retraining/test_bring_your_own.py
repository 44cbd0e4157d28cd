"""``--backbone`` with a network of another project, from the command line: a normal model file comes out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import UsageError
from edge.inference.classifier import Classifier
from edge.modelfile.metadata import BUFFER_NAME
from edge.modelfile.model_file import ModelFile
from support.toy_networks import ToyNetwork, classifier, embedder
from trainer.adopt.adopt import adopt
from trainer.export.metadata import classifier_metadata
from trainer.retraining.given_backbone import read_given
from trainer.retraining.retrain import retrain

Command = Callable[..., "subprocess.CompletedProcess[str]"]

NETWORKS = {"uint8": classifier("uint8"), "float32": classifier()}


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """An old uint8 classifier, in a folder whose name must be nowhere."""
    (tmp_path / "secret").mkdir()
    path = tmp_path / "secret" / "their network.tflite"
    path.write_bytes(NETWORKS["uint8"])
    return path


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_command_takes_the_file(
    childless_trainer: Command, edge: Command, photos: Path, tmp_path: Path, kind: str
) -> None:
    """It is retrained, inspected, measured, evaluated, compared and doctored; no command needs TensorFlow."""
    network, output, cache = tmp_path / "theirs.tflite", tmp_path / "ours.tflite", tmp_path / "cache"
    network.write_bytes(NETWORKS[kind])
    arguments = [photos, "--backbone", network, "--bottleneck-dir", cache]
    filled = childless_trainer("bottlenecks", *arguments, "--json")
    assert filled.returncode == 0, filled.stderr
    (row,) = json.loads(filled.stdout)["bottlenecks"]
    assert (row["architecture"], row["computed"]) == ("theirs", 36)
    done = childless_trainer("retrain", *arguments, "--output", output, "--report", "--json")
    assert done.returncode == 0, done.stderr
    assert "theirs.tflite: a network of another project, " in done.stderr
    (made,) = json.loads(done.stdout)["models"]
    assert (made["architecture"], made["weights"], made["computed_bottlenecks"]) == ("theirs", "theirs.tflite", 0)
    assert made["cross_validation"]["right"] >= 30
    for command in (
        ["inspect", output],
        ["label", "--model", output, photos],
        ["bench", output, "--rounds", 2, "--seconds", 0.05, "--threads", 1],
        ["doctor", "--model", output],
    ):
        done = edge(*command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    for command in (["evaluate", output, photos], ["compare", output, output, photos]):
        done = childless_trainer(*command)
        assert done.returncode == 0, (command, done.stderr)
    second = [photos, "--backbone", output, "--bottleneck-dir", cache, "--output", tmp_path / "again.tflite"]
    again = childless_trainer("retrain", *second, "--report", "--json")
    assert json.loads(again.stdout)["models"][0]["computed_bottlenecks"] == 0
    assert (tmp_path / "again.tflite").read_bytes() == output.read_bytes()


def test_the_file_says_where_its_network_comes_from_and_no_path(network: Path, photos: Path, tmp_path: Path) -> None:
    """Name and sha256 of the given file, and how it was read, are in the provenance; its folder is nowhere."""
    options: dict[str, Any] = {"output": tmp_path / "m.tflite", "bottleneck_dir": tmp_path / "cache", "unknown": None}
    made = retrain(photos, backbone=network, **options)
    model = ModelFile.load(made.path)
    assert model.manifest is not None
    provenance = model.manifest.provenance
    assert model.manifest.architecture == "their-network"
    assert provenance.weights == "their network.tflite"
    assert provenance.foreign == "cut before its last layer (CONV_2D with 7 outputs)"
    assert provenance.weights_sha256 is not None and len(provenance.weights_sha256) == 64
    assert b"secret" not in model.content
    assert made.accuracy is None or made.accuracy > 0.8


def test_the_default_name_of_the_file(network: Path, photos: Path, tmp_path: Path, trainer: Command) -> None:
    """It has the name of the network, without what a file name should not have."""
    done = trainer("retrain", photos, "--backbone", network, "--bottleneck-dir", tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "models/photos-their-network-int8.tflite"


def test_pixels_are_those_of_the_metadata_or_of_the_options(photos: Path, tmp_path: Path) -> None:
    """They are written into the file, so that every reader feeds it the same; other pixels are other bottlenecks."""
    path = tmp_path / "float.tflite"
    path.write_bytes(NETWORKS["float32"])
    made = {}
    for name, options in {
        "-1..1": {},
        "0..1": {"input_range": (0, 1)},
        "mean": {"mean": 100, "std": (50, 60, 70)},
    }.items():
        done = retrain(photos, backbone=path, output=tmp_path / "m.tflite", bottleneck_dir=tmp_path / "c", **options)
        made[name] = ModelFile.load(done.path)
        assert done.computed_bottlenecks == 36
    assert (made["-1..1"].mean, made["0..1"].std, made["mean"].std) == (127.5, 255, (50, 60, 70))
    assert "which is a guess" in made["-1..1"].manifest.training["foreign"]
    assert made["0..1"].manifest.training["foreign"].endswith("pixels are scaled to 0..1")
    path.write_bytes(
        embedder().content(metadata={BUFFER_NAME: classifier_metadata("n", "d", (120.0, 110.0, 100.0), 60.0)})
    )
    done = retrain(photos, backbone=path, output=tmp_path / "m.tflite", bottleneck_dir=tmp_path / "c")
    assert ModelFile.load(done.path).mean == (120, 110, 100)


def test_an_adopted_file_is_a_network_too(photos: Path, tmp_path: Path) -> None:
    """Its classifier is cut off; name and hash are those of the file that was adopted."""
    given = tmp_path / "given.tflite"
    given.write_bytes(classifier("uint8"))
    (tmp_path / "labels.txt").write_text("".join(f"{index} thing\n" for index in range(7)))
    model = ModelFile.load(given, tmp_path / "labels.txt")
    (tmp_path / "adopted.tflite").write_bytes(adopt(model, "given.tflite").content)
    found, direct = (read_given(tmp_path / name).backbone for name in ("adopted.tflite", "given.tflite"))
    assert found.weights == direct.weights
    assert found.architecture == direct.architecture
    patterns = [np.full((32, 32, 3), value, np.uint8) for value in (0, 90, 255)]
    assert np.array_equal(found.features(patterns), direct.features(patterns))


def test_wide_pictures(photos: Path, tmp_path: Path) -> None:
    """A network whose pictures are not square is used as it is."""
    path = tmp_path / "wide.tflite"
    path.write_bytes(embedder("int8", size=(32, 64)).content())
    made = retrain(photos, backbone=path, output=tmp_path / "m.tflite", bottleneck_dir=tmp_path / "c")
    model = ModelFile.load(made.path)
    assert (model.input_size, model.manifest and model.manifest.input_size) == ((64, 32), 64)
    assert Classifier(model).classify(next(photos.rglob("*.png"))).best is not None


def test_a_compiled_network_gets_the_same_head(trainer: Command, photos: Path, tmp_path: Path) -> None:
    """Two files are written, and the command says that one of them was not run; the other one is what it always is."""
    path, compiled = tmp_path / "embedder.tflite", tmp_path / "embedder_edgetpu.tflite"
    path.write_bytes(embedder("uint8").content())
    network = ToyNetwork("uint8")
    network.graph.operators.clear()
    network.tensor = network.image
    compiled.write_bytes(network.custom("edgetpu-custom-op", (1, 1, 1, 16)).content())
    arguments = [photos, "--backbone", path, "--bottleneck-dir", tmp_path / "cache"]
    plain = trainer("retrain", *arguments, "--output", tmp_path / "plain.tflite")
    assert plain.returncode == 0, plain.stderr
    done = trainer("retrain", *arguments, "--output", tmp_path / "m.tflite", "--compiled", compiled)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(
        "m_edgetpu.tflite: the same head for an Edge TPU; not run here, so no figure above is of this file"
    )
    assert (tmp_path / "m.tflite").read_bytes() == (tmp_path / "plain.tflite").read_bytes()
    made = ModelFile.load(tmp_path / "m_edgetpu.tflite")
    assert made.labels == ModelFile.load(tmp_path / "m.tflite").labels
    assert made.manifest is not None and made.manifest.accuracy is None


def test_what_is_wrong_is_one_line(trainer: Command, network: Path, photos: Path, tmp_path: Path) -> None:
    """Exit code 65 for a bad file, 2 for options that do not belong together; nothing is written."""
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(network.read_bytes()[:700])
    wrong = {
        ("--backbone", bad): (65, "bad.tflite: "),
        ("--backbone", tmp_path / "none.tflite"): (65, "none.tflite: cannot read the backbone (No such file"),
        ("--compiled", network): (2, "--compiled FILE needs --backbone"),
        ("--backbone", network, "--compiled", network): (65, "it was not compiled for an Edge TPU"),
        ("--input-range", "0,1"): (2, "are for the network of --backbone FILE; leave them out"),
        ("--backbone", network, "--mean", "1"): (2, "mean and std belong together"),
        ("--backbone", network, "--quantization", "float32"): (2, "is int8, which cannot be changed"),
        ("--backbone", network, "--fine-tune", "3"): (2, "leave out --fine-tune"),
        ("--backbone", network, "--keep-classes"): (65, "does not remember its classes"),
    }
    for arguments, (code, reason) in wrong.items():
        done = trainer(
            "retrain", photos, "--output", tmp_path / "m.tflite", "--bottleneck-dir", tmp_path / "c", *arguments
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (arguments, done.stderr)
        assert reason in done.stderr.replace("\n", " "), (arguments, done.stderr)
    done = trainer("bottlenecks", photos, "--backbone", network, "--weights", "offline")
    assert (done.returncode, "leave out --weights" in done.stderr) == (2, True)
    assert not (tmp_path / "m.tflite").exists()


def test_a_file_of_ours_says_its_pixels_itself(trainer: Command, network: Path, photos: Path, tmp_path: Path) -> None:
    """Options for pixels are refused beside it."""
    made = retrain(photos, backbone=network, output=tmp_path / "m.tflite", bottleneck_dir=tmp_path / "c")
    done = trainer("retrain", photos, "--backbone", made.path, "--input-range", "0,1")
    assert done.returncode == 65
    assert "this model says how its pixels are scaled" in done.stderr


def test_pixels_without_a_network_are_refused(photos: Path) -> None:
    """A normalisation is for a network of another project; ours have their own."""
    with pytest.raises(UsageError, match="are for a backbone of another project"):
        retrain(photos, input_range=(0, 1))
