"""What hangs or crashes a library ends a child process, and is one line."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, ModelError
from edge.inference.interpreter import RUNTIMES
from support import bad_models
from support.keras_files import plain_weights, write_keras
from support.toy_networks import ToyNetwork, classifier, with_half_weights
from trainer.backbones import apart
from trainer.backbones.apart import read_layers_apart, try_model
from trainer.backbones.architectures import CONVERTERS, Architecture
from trainer.backbones.backbone import load_backbones
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.backbones.read_layers import read_layers
from trainer.retraining.given_backbone import read_given

NARROW = Architecture(0.25, 128)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(apart, "_passed", set())


def _child(monkeypatch: pytest.MonkeyPatch, statements: str) -> None:
    monkeypatch.setattr(apart, "COMMAND", (sys.executable, "-c", statements))


def test_the_layers_are_those_of_the_file() -> None:
    """The child gives every layer back, bit for bit and in order."""
    path = write_keras(Path("w.h5"), plain_weights(NARROW))
    found, expected = read_layers_apart(path, NARROW), read_layers(path, NARROW)
    assert list(found) == list(expected)
    for name, pair in expected.items():
        for one, other in zip(found[name], pair, strict=True):
            assert one.dtype == other.dtype and np.array_equal(one, other)


def test_a_refused_file_has_the_name_that_the_user_gave() -> None:
    """The child's line is that of reading in this process."""
    path = write_keras(Path("w.h5"), plain_weights(Architecture(0.5, 128)))
    with pytest.raises(ConfigurationError) as apart_line:
        read_layers_apart(path, NARROW)
    with pytest.raises(ConfigurationError, match=r"^w\.h5: not the weights of .*another width") as here:
        read_layers(path, NARROW)
    assert str(apart_line.value) == str(here.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_weights_that_end_their_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that crashes, and one that hangs, are one line that names the file."""
    path = write_keras(Path("w.h5"), plain_weights(NARROW))
    _child(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(ConfigurationError, match=r"^w\.h5: cannot read the weights \(.*SIGSEGV.*the file is damaged"):
        read_layers_apart(path, NARROW)
    _child(monkeypatch, "import signal; signal.pause()")
    monkeypatch.setattr(apart, "READING_LIMIT_S", 0.2)
    with pytest.raises(ConfigurationError, match=r"^w\.h5: cannot read the weights \(gave no answer within 0\.2 s"):
        read_layers_apart(path, NARROW)


@pytest.mark.parametrize("converter", CONVERTERS)
def test_every_converter_gets_weights_that_were_tried(monkeypatch: pytest.MonkeyPatch, converter: str) -> None:
    """TensorFlow's process has no limit of time: a file that hangs its reader never gets there."""
    path = write_keras(Path("w.h5"), plain_weights(NARROW))
    _child(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(ConfigurationError, match=r"^w\.h5: cannot read the weights \(the process ended with code 3"):
        load_backbones(Path("cache"), NARROW, str(path), ["float32"], converter)
    assert not list(Path("cache").rglob("*.*"))


def test_a_model_that_crashes_interpreters() -> None:
    """It fills the stack of whatever loads it; the line is that of a damaged file."""
    with pytest.raises(ModelError, match=r"cannot run this model \(.*crashed"):
        try_model(bad_models.crashing())


def test_a_model_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loop has no end; the child is stopped."""
    monkeypatch.setattr(apart, "RUNNING_LIMIT_S", 1.0)
    with pytest.raises(ModelError, match=r"cannot run this model \(gave no answer within 1 s"):
        try_model(bad_models.hanging())


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_models_pass(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    """Networks of every arithmetic run, on the interpreter that is chosen; what has passed is not tried again."""
    if find_spec(RUNTIMES[runtime].split(".")[0]) is None:
        pytest.skip(f"{runtime} is not installed")
    monkeypatch.setenv("EDGE_RUNTIME", runtime)
    for content in (classifier(), classifier("uint8"), classifier("int8"), with_half_weights(classifier())):
        try_model(content)
    _child(monkeypatch, "raise SystemExit('another trial')")
    try_model(content)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_backbone_is_tried_before_it_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--backbone``: a network whose trial crashes is refused with the name of its file."""
    Path("theirs.tflite").write_bytes(classifier())
    assert read_given(Path("theirs.tflite")).backbone.model == foreign_backbone(classifier(), "").backbone.model
    _child(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGABRT)")
    monkeypatch.setattr(apart, "_passed", set())
    with pytest.raises(ModelError, match=r"^theirs\.tflite: .*the process crashed \(SIGABRT\)"):
        read_given(Path("theirs.tflite"))


@pytest.mark.parametrize("package", ["h5py", "ai_edge_litert"])
def test_a_missing_package_is_no_damage(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """The line names the package and the command that installs it, as the other commands do."""
    hidden = f"import sys; sys.modules[{package!r}] = None; from trainer.backbones.apart_process import main; main()"
    _child(monkeypatch, hidden)
    monkeypatch.setenv("EDGE_RUNTIME", "litert")
    path = write_keras(Path("w.h5"), plain_weights(NARROW))
    with pytest.raises(ConfigurationError, match=rf"{package}"):
        read_layers_apart(path, NARROW) if package == "h5py" else try_model(classifier())


def test_a_compiled_network_that_is_not_there() -> None:
    """The line names the file once."""
    Path("theirs.tflite").write_bytes(classifier("int8"))
    with pytest.raises(ModelError, match=r"^gone\.tflite: cannot read the compiled network \(No such file"):
        read_given(Path("theirs.tflite"), compiled=Path("gone.tflite"))


def test_a_file_for_an_edge_tpu() -> None:
    """It is not tried: what would do is another file, and the commands of the trainer take no delegate."""
    content = ToyNetwork("int8").custom("edgetpu-custom-op", (1, 16)).content()
    with pytest.raises(ModelError, match="compiled for an Edge TPU and cannot run here; give the file that it was"):
        try_model(content)
