"""Files that cannot be a backbone: one line that says what was found and what would do, and never a traceback."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.errors import ModelError
from support.paths import DATA
from support.toy_networks import NONE, ToyNetwork, classifier, embedder, with_two_graphs
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.tflite import add_tensor, read_model, write_model


def with_shape(content: bytes, shape: tuple[int, ...], signature: tuple[int, ...] | None = None) -> bytes:
    """``content`` with another shape of its input."""
    tree = read_model(content)
    image = tree.subgraphs[0].tensors[tree.subgraphs[0].inputs[0]]
    image.shape = np.array(shape, np.int32)
    image.shapeSignature = None if signature is None else np.array(signature, np.int32)
    return write_model(tree)


def of_type(kind: int) -> bytes:
    """A network whose features have another type."""
    network = embedder().row()
    network.graph.tensors[network.tensor].type = kind
    return network.content()


def two_inputs() -> bytes:
    """A network that takes two pictures."""
    network = embedder()
    other = add_tensor(network.model, network.graph, "other", (1, 32, 32, 3), schema.TensorType.FLOAT32)
    tree = read_model(network.content())
    tree.subgraphs[0].inputs = np.array([network.image, other], np.int32)
    return write_model(tree)


def two_outputs() -> bytes:
    """A network with two outputs."""
    network = embedder()
    first = network.tensor
    return network.row().content(first, network.tensor)


def long_row(values: int) -> bytes:
    """A network whose end is a row of that many values."""
    return ToyNetwork().convolve(values // 16).row().content()


def nothing_before() -> bytes:
    """A network that is one layer."""
    network = ToyNetwork()
    network.graph.operators.clear()
    network.tensor = network.image
    return network.dense(7).softmax().content()


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a TFLite model"),
    "another format": (b"\x89HDF\r\n\x1a\n" + bytes(200), "not a TFLite model"),
    "a picture": ((DATA.parent / "support" / "png.py").read_bytes(), "not a TFLite model"),
    "cut short": (classifier()[:900], "damaged|truncated|offset"),
    "two graphs": (with_two_graphs(classifier()), "it has 2 graphs, so it branches or loops"),
    "two inputs": (two_inputs(), "it has 2 inputs; give a network with one input"),
    "two outputs": (two_outputs(), "it has 2 outputs; give a network with one output"),
    "sound": (with_shape(classifier(), (1, 15600)), r"its input \(1, 15600\) is not a picture"),
    "depth": (with_shape(classifier(), (1, 32, 32, 4)), r"its input \(1, 32, 32, 4\) is not a picture"),
    "several pictures": (with_shape(classifier(), (8, 32, 32, 3)), "takes 8 pictures at a time"),
    "an open size": (
        with_shape(classifier(), (1, 1, 1, 3), (-1, -1, -1, 3)),
        "the size of the model's input is not fixed",
    ),
    "an open size of 0": (with_shape(classifier(), (1, 0, 0, 3)), "is not a picture"),
    "int16 features": (of_type(schema.TensorType.INT16), "neither float32, uint8 nor int8"),
    "a long row": (long_row(16_400), "its features are .*; give a network that ends in one row of 2 to 16,384 values"),
    "one value": (ToyNetwork().convolve(1).average().content(), "2 to 16,384 values"),
    "a picture with labels": (
        ToyNetwork().convolve(16).reshaped((1, 16, 16)).content(),
        r"its output \(1, 16, 16\) is neither a row of numbers nor a map of features",
    ),
    "select operators": (
        ToyNetwork().convolve(16).custom("FlexErf", (1, 4, 4, 16)).average().content(),
        "it needs FlexErf, an operator of the whole TensorFlow; convert it with the built-in operators",
    ),
    "a custom operator": (
        ToyNetwork().convolve(16).custom("MyOperator", (1, 16)).content(),
        "it needs the custom operator 'MyOperator'",
    ),
    "an Edge TPU": (
        ToyNetwork("uint8").custom("edgetpu-custom-op", (1, 1, 1, 16)).content(),
        "compiled for an Edge TPU and cannot run on this processor; give the file that it was compiled from",
    ),
    "one layer": (nothing_before(), "nothing is computed before the layer that would be cut off"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_in_one_line(content: bytes, reason: str) -> None:
    """The exit code is that of bad data."""
    with pytest.raises(ModelError, match=reason) as raised:
        foreign_backbone(content, "given.tflite")
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 65


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8"])
def test_changed_bytes_never_give_a_traceback(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files with a few bytes changed, or cut short: a backbone or a line, nothing else.

    They are not run: what passes all checks may still end an interpreter, and this process with it.
    """
    monkeypatch.setattr("trainer.backbones.foreign.foreign_backbone.check_usable", lambda model: None)
    whole = classifier(kind)
    random = np.random.default_rng(1)
    refused = 0
    for number in range(300):
        content = bytearray(whole)
        for position in random.integers(8, len(content), random.integers(1, 6)):
            content[position] = random.integers(0, 256)
        if number % 5 == 0:
            content = content[: random.integers(0, len(content))]
        try:
            foreign_backbone(bytes(content), "given.tflite")
        except ModelError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 100


def test_the_limit_of_the_bottleneck() -> None:
    """16,384 values are taken."""
    assert foreign_backbone(long_row(16_384), "long.tflite").backbone.bottleneck_size == 16_384
    assert (
        foreign_backbone(ToyNetwork().convolve(2, NONE).average().content(), "short.tflite").backbone.bottleneck_size
        == 2
    )
