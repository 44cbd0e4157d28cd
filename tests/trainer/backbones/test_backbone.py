"""The backbone artifact: kept under a hash of what it was made from, checked before use, built if it is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, ModelError, StorageError
from edge.inference.interpreter import ImageInterpreter
from edge.preprocess import preprocess
from support import tiny
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import as_model, load_backbones
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.retraining.retrained import Retrained


def break_keras(folder: Path, statements: str) -> dict[str, str]:
    """An environment in which the TensorFlow child runs ``statements`` where it would import Keras."""
    folder.mkdir()
    (folder / "keras.py").write_text(statements)
    return {"PYTHONPATH": str(folder)}


def flip_byte(path: Path) -> None:
    """Damage a file in its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_cached_artifacts_come_back_in_the_order_asked_for(cache: Path) -> None:
    """Each quantization gets its own artifact, whose bytes are those in the cache."""
    backbones = load_backbones(cache, tiny.ARCHITECTURE, "random", ["float32", "int8"])
    assert [backbone.quantization for backbone in backbones] == ["float32", "int8"]
    for backbone in backbones:
        assert backbone.model.content == tiny.backbone_bytes(backbone.quantization)
        assert backbone.bottleneck_size == tiny.FEATURES
        assert backbone.weights.origin == "random"
        assert (backbone.model.mean, backbone.model.std) == (127.5, 127.5)


def test_damaged_backbone_is_no_model() -> None:
    """Bytes that are no flatbuffer never reach an interpreter."""
    with pytest.raises(ModelError):
        as_model(tiny.backbone_bytes()[:200])


@pytest.mark.parametrize("name", ["mobilenet_0.25_160", "mobilenet_0.50_128"])
def test_another_architecture_does_not_take_this_ones_artifact(cache: Path, name: str) -> None:
    """The key holds the architecture: another one is written anew."""
    architecture = Architecture.parse(name)
    (backbone,) = load_backbones(cache, architecture, "random", ["int8"])
    assert backbone.bottleneck_size == 1024 * architecture.alpha
    assert backbone.model.input.shape == (1, architecture.input_size, architecture.input_size, 3)


def test_the_converter_needs_tensorflow_and_has_artifacts_of_its_own(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--converter tensorflow does not take what was written directly; without TensorFlow it is one line."""
    missing = "raise ModuleNotFoundError(\"No module named 'keras'\", name='keras')"
    monkeypatch.setenv("PYTHONPATH", break_keras(tmp_path / "broken", missing)["PYTHONPATH"])
    line = r"--converter tensorflow needs TensorFlow: pip install .*\[trainer\]"
    with pytest.raises(ConfigurationError, match=line):
        load_backbones(cache, tiny.ARCHITECTURE, "random", ["int8"], "tensorflow")


def test_flipped_byte_counts_as_missing(cache: Path) -> None:
    """An artifact whose content does not match the hash in its name is not used: a real one is written."""
    flip_byte(next((cache / "backbones").glob("*-int8-*.tflite")))
    sizes = [one.bottleneck_size for one in load_backbones(cache, tiny.ARCHITECTURE, "random", ["float32", "int8"])]
    assert sizes == [tiny.FEATURES, 256]


def test_disk_that_is_full_in_the_child_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind of a failure survives the way out of the child process."""
    statements = "from edge.errors import StorageError\nraise StorageError('scratch: cannot be written')"
    monkeypatch.setenv("PYTHONPATH", break_keras(tmp_path / "broken", statements)["PYTHONPATH"])
    with pytest.raises(StorageError, match=r"^scratch: cannot be written$"):
        load_backbones(tmp_path, tiny.ARCHITECTURE, "random", ["int8"], "tensorflow")


@pytest.mark.parametrize("statements", ["raise ZeroDivisionError", "import os; os.kill(os.getpid(), 9)"])
def test_bug_or_crash_in_the_child_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statements: str
) -> None:
    """A bug is not shown as one line for the user."""
    monkeypatch.setenv("PYTHONPATH", break_keras(tmp_path / "broken", statements)["PYTHONPATH"])
    with pytest.raises(RuntimeError, match=r"TensorFlow ended with (1|-9)"):
        load_backbones(tmp_path, tiny.ARCHITECTURE, "random", ["int8"], "tensorflow")


def test_cached_run_starts_no_child_and_loads_no_tensorflow(
    tiny_arguments: list[object], tmp_path: Path, childless_trainer
) -> None:
    """With the backbone in the cache, the whole command runs without any child process."""
    done = childless_trainer("retrain", *tiny_arguments, "--output", tmp_path / "o.tflite")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "o.tflite").is_file()


def test_random_backbones_are_deterministic_and_rebuilt_when_damaged(tmp_path: Path) -> None:
    """A flipped byte leads to a rebuild of just that artifact, from random weights that are the same every time."""
    architecture, quantizations = Architecture(0.25, 128), ["int8", "float32"]
    first = load_backbones(tmp_path, architecture, "random", quantizations)
    paths = {name: next((tmp_path / "backbones").glob(f"*-{name}-*")) for name in quantizations}
    flip_byte(paths["float32"])
    before = paths["int8"].stat()
    again = load_backbones(tmp_path, architecture, "random", quantizations)
    assert [backbone.model.content for backbone in again] == [backbone.model.content for backbone in first]
    assert paths["int8"].stat().st_mtime_ns == before.st_mtime_ns
    assert [backbone.bottleneck_size for backbone in again] == [256, 256]


@pytest.mark.xdist_group("tensorflow")
def test_real_artifacts_take_pixels_and_give_features(trained: dict[str, Retrained]) -> None:
    """int8: uint8 in over exactly [-1, 1], int8 out; the others: float32 in and out; 1,024 features each."""
    for quantization, model in trained.items():
        spec = model.backbone.model
        assert model.backbone.bottleneck_size == 1024
        assert spec.input.shape == (1, 128, 128, 3)
        types = (str(spec.input.dtype), str(spec.output.dtype))
        assert types == (("uint8", "int8") if quantization == "int8" else ("float32", "float32"))
    image = trained["int8"].backbone.model.input
    low, high = (image.scale * (value - image.zero_point) for value in (0, 255))
    assert high - low == pytest.approx(2, abs=1e-6)  # a range that photos had stretched would differ
    assert low == pytest.approx(-1, abs=image.scale)


@pytest.mark.xdist_group("tensorflow")
def test_quantizations_agree_on_the_features(trained: dict[str, Retrained]) -> None:
    """Every quantization computes the float network's features, as closely as its numbers allow."""
    pictures = [preprocess(draw_flower(kind, 9, 160), (128, 128)) for kind in KINDS]
    features = {}
    for quantization, model in trained.items():
        interpreter = ImageInterpreter(model.backbone.model, runtime="litert")
        features[quantization] = np.concatenate([interpreter.scores(picture) for picture in pictures])
    for quantization, least in {"float16": 0.999, "dynamic": 0.97, "int8": 0.9}.items():
        assert np.corrcoef(features[quantization], features["float32"])[0, 1] > least, quantization
