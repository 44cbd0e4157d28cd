"""The classifier behind the network, in every kind of file that has one."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from edge.errors import ConfigurationError
from support.codelab import CodelabGraph
from support.keras_files import write_classifier, write_keras
from trainer.backbones.architectures import EFFICIENTNET_LITE0, MOBILENET_V2, MOBILENET_V3_SMALL, Architecture
from trainer.backbones.classifier_weights import read_classifier
from trainer.backbones.packaged_weights import GRAPH, LITE0, installed

NARROW = Architecture(0.25, 128)
V2 = Architecture(0.35, 96, MOBILENET_V2)
WEIGHTS = np.arange(40 * 256, dtype=np.float32).reshape(40, 256)
WIDE = np.arange(40 * 1280, dtype=np.float32).reshape(40, 1280)


def test_keras_old_form(tmp_path: Path) -> None:
    """Of MobileNet v1 it is a convolution."""
    found = read_classifier(write_classifier(tmp_path / "top.h5", WEIGHTS), NARROW)
    assert found is not None and np.array_equal(found, WEIGHTS)


@pytest.mark.parametrize("name", ["predictions", "Logits"])
def test_keras_old_form_of_v2(tmp_path: Path, name: str) -> None:
    """Of MobileNetV2 it is a dense layer with one of two names."""
    found = read_classifier(write_classifier(tmp_path / "top.h5", WIDE, name), V2)
    assert found is not None and np.array_equal(found, WIDE)


@pytest.mark.parametrize(
    ("architecture", "layer", "kernel"),
    [(NARROW, "conv2d_14", WEIGHTS.T[np.newaxis, np.newaxis]), (V2, "dense", WIDE.T)],
    ids=["v1", "v2"],
)
def test_keras_new_form(tmp_path: Path, architecture: Architecture, layer: str, kernel: np.ndarray) -> None:
    """Layers are counted: it is the convolution behind the fourteen of MobileNet v1, or the only dense layer."""
    with h5py.File(tmp_path / "top.weights.h5", "w") as file:
        file[f"layers/{layer}/vars/0"] = kernel
    found = read_classifier(tmp_path / "top.weights.h5", architecture)
    assert found is not None and np.array_equal(found, kernel.reshape(kernel.shape[-2:]).T)


def test_graph(tmp_path: Path) -> None:
    """Google's graphs and those of the codelab have it under Google's name."""
    graph = CodelabGraph(NARROW, 3)
    graph.constant("MobilenetV1/Logits/Conv2d_1c_1x1/weights", WEIGHTS.T[np.newaxis, np.newaxis])
    found = read_classifier(graph.write(tmp_path / "graph.pb"), NARROW)
    assert found is not None and np.array_equal(found, WEIGHTS)


def test_graph_without_it(tmp_path: Path) -> None:
    """Whatever else stands in the graph is no classifier."""
    assert read_classifier(CodelabGraph(NARROW, 3).write(tmp_path / "graph.pb"), NARROW) is None


def test_files_without_it(tmp_path: Path) -> None:
    """No top layer, one of another width, one with values that are no numbers, and fine-tuned weights."""
    assert read_classifier(write_keras(tmp_path / "no-top.h5", {"conv1": [WEIGHTS]}), NARROW) is None
    assert read_classifier(write_classifier(tmp_path / "wide.h5", WIDE), NARROW) is None
    assert read_classifier(write_classifier(tmp_path / "nan.h5", WEIGHTS * np.nan), NARROW) is None
    assert read_classifier(tmp_path / "tuned.npz", NARROW) is None
    kernel = np.ones((3, 3, 256, 100), np.float32)
    assert read_classifier(write_keras(tmp_path / "wide-kernel.h5", {"conv_preds": [kernel]}), NARROW) is None
    assert read_classifier(write_keras(tmp_path / "activation.h5", {"predictions": []}), NARROW) is None


def test_mobilenet_v3_has_two_layers(tmp_path: Path) -> None:
    """There is no direction of a class in its bottleneck."""
    path = write_classifier(tmp_path / "v3.h5", np.ones((1000, 576), np.float32), "Logits")
    assert read_classifier(path, Architecture(1.0, 224, MOBILENET_V3_SMALL)) is None


@pytest.mark.parametrize("name", ["damaged.h5", "damaged.pb", "damaged.pth", "missing.h5", "missing.pb"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    """One line has the file and the reason."""
    if name.startswith("damaged"):
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    with pytest.raises(ConfigurationError, match=rf"{name}: no classifier can be read \(.+\)"):
        read_classifier(tmp_path / name, NARROW)


@pytest.mark.parametrize(
    ("package", "architecture", "shape"),
    [
        (GRAPH, Architecture(1.0, 160), (1001, 1024)),
        (LITE0, Architecture(1.0, 224, EFFICIENTNET_LITE0), (1000, 1280)),
    ],
    ids=["mobilenet", "lite0"],
)
def test_offline_extra(offline: None, package, architecture: Architecture, shape: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    """Both of its files have one."""
    path = installed(package)
    if path is None:
        pytest.skip(f"{package.distribution} is not installed")
    found = read_classifier(path, architecture)
    assert found is not None and found.shape == shape
