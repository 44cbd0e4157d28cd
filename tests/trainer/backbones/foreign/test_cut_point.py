"""Where a network of another project is cut: before its last linear layer, or nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.errors import ModelError
from support.toy_networks import NONE, RELU, ToyNetwork, embedder
from trainer.backbones.foreign.cut_point import find_cut
from trainer.backbones.foreign.read_file import read_foreign
from trainer.backbones.foreign.tree_view import TreeView

ROW, POINT, MAP = (1, 16), (1, 1, 1, 16), (1, 4, 4, 16)

Grown = Callable[[], ToyNetwork]


def cut(network: ToyNetwork) -> tuple[str | None, tuple[int, ...], int]:
    """The layer that is cut off, and shape and type of what is before it."""
    view = TreeView(read_foreign(network.content()).tree)
    found = find_cut(view)
    return found.layer, view.shape(found.tensor), view.type(found.tensor)


def mapped(kind: str = "float32") -> ToyNetwork:
    """A network whose end is a map."""
    return ToyNetwork(kind).convolve(12).convolve(16)


CLASSIFIERS: dict[str, tuple[Grown, str, tuple[int, ...]]] = {
    "convolution, reshape, softmax": (
        lambda: embedder().convolve(7, NONE).row().softmax(),
        "CONV_2D with 7 outputs",
        POINT,
    ),
    "fully connected, softmax": (lambda: embedder().dense(7).softmax(), "FULLY_CONNECTED with 7 outputs", POINT),
    "of a row": (lambda: embedder().row().dense(7).softmax(), "FULLY_CONNECTED with 7 outputs", ROW),
    "sigmoids": (lambda: embedder().dense(7).plain("LOGISTIC"), "FULLY_CONNECTED with 7 outputs", POINT),
    "logits": (lambda: embedder().dense(1001), "FULLY_CONNECTED with 1,001 outputs", POINT),
    "one output": (lambda: embedder().dense(1).plain("LOGISTIC"), "FULLY_CONNECTED with 1 output", POINT),
    "activation before a softmax": (
        lambda: embedder().dense(7, RELU).softmax(),
        "FULLY_CONNECTED with 7 outputs",
        POINT,
    ),
    "averaged behind the layer": (
        lambda: mapped().convolve(7, RELU).average().row().softmax(),
        "CONV_2D with 7 outputs",
        MAP,
    ),
    "a projection": (lambda: embedder().convolve(24, NONE), "CONV_2D with 24 outputs", POINT),
    "a hidden layer stays": (
        lambda: embedder().dense(16, RELU).dense(7).softmax(),
        "FULLY_CONNECTED with 7 outputs",
        ROW,
    ),
}

EMBEDDERS: dict[str, tuple[Grown, tuple[int, ...]]] = {
    "pooled": (embedder, POINT),
    "a row": (lambda: embedder().row(), ROW),
    "a map": (mapped, MAP),
    "a map of a linear convolution": (lambda: ToyNetwork().convolve(12).convolve(16, NONE), MAP),
    "unit length": (lambda: embedder().row().plain("L2_NORMALIZATION"), ROW),
    "a layer with an activation": (lambda: embedder().dense(16, RELU), ROW),
    "a layer with an activation behind it": (lambda: embedder().convolve(16, NONE).plain("HARD_SWISH"), POINT),
}


@pytest.mark.parametrize(("grown", "layer", "shape"), CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_a_linear_last_layer_is_cut_off(grown: Grown, layer: str, shape: tuple[int, ...]) -> None:
    """Whatever stands behind it, and also if its outputs were an embedding: the head that follows is linear too."""
    assert cut(grown())[:2] == (layer, shape)


@pytest.mark.parametrize(("grown", "shape"), EMBEDDERS.values(), ids=EMBEDDERS)
def test_an_embedder_is_used_whole(grown: Grown, shape: tuple[int, ...]) -> None:
    """If an activation, a pooling or a normalisation stands at its end, nothing is cut off."""
    assert cut(grown())[:2] == (None, shape)


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@pytest.mark.parametrize("layer", [True, False])
def test_conversions_at_the_end_go(kind: str, layer: bool) -> None:
    """Floats that were made of 8-bit values at the end stand for the same numbers: the 8-bit values are taken."""
    network = ToyNetwork(kind, float_input=True).convolve(16).average()
    grown = network.convolve(7, NONE).softmax() if layer else network
    assert cut(grown.convert("DEQUANTIZE", "float32"))[1:] == (POINT, {"uint8": 3, "int8": 9}[kind])


def test_an_int8_network_with_uint8_at_both_ends() -> None:
    """The conversion to uint8 at the end of an embedder goes too."""
    assert cut(embedder("int8").convert("QUANTIZE", "uint8"))[1:] == (POINT, 9)


def test_probabilities_without_a_layer_before_them_are_refused() -> None:
    """One line says what stands where the layer should be."""
    with pytest.raises(ModelError, match="before its SOFTMAX stands HARD_SWISH, and no FULLY_CONNECTED or 1x1 CONV_2D"):
        cut(embedder().row().plain("HARD_SWISH").softmax())
