"""The codelab's ``retrained_graph.pb``, read as data: MobileNet, Google's 1001 classes, and the user's head on them.

The codelab fitted its head on the 1001 logits of the ImageNet classifier. Both layers are linear, so they are one layer
on the bottleneck: ``(x W1 + b1) W2 + b2 = x (W1 W2) + (b1 W2 + b2)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from edge.shorten import shorten
from trainer.backbones.architectures import ALPHAS, INPUT_SIZES, Architecture
from trainer.backbones.frozen_graph import CONVERT, graph_constants, graph_weights, read_graph
from trainer.backbones.mobilenet_v1 import FIRST_CHANNELS
from trainer.backbones.read_layers import check_layers, fold
from trainer.backbones.tuned_weights import Layers
from trainer.head.linear import Head

_KNOWN = frozenset(
    {"Add", "AddV2", "AvgPool", "BiasAdd", "Const", "Conv2D", "DepthwiseConv2dNative", "Identity", "MatMul", "Mean"}
    | {"Mul", "NoOp", "Placeholder", "PlaceholderWithDefault", "Relu6", "Reshape", "Rsqrt", "Softmax", "Squeeze", "Sub"}
)
"""The operators of such a graph."""

_LARGEST_HEAD = 1024 * 16_384  # values in, times labels
_MOST_NODES = 5_000  # the codelab's graph has 560, and each is looked for among all

_SAME = frozenset({"Identity", "PlaceholderWithDefault", "Reshape", "Squeeze"})
"""Operators that leave the values of their first input as they are."""


class CodelabGraph(NamedTuple):
    """The ``architecture`` of a graph, its convolutions, and its two last layers as one ``head`` on bottlenecks."""

    architecture: Architecture
    layers: Layers
    head: Head


def read_codelab_graph(path: Path) -> CodelabGraph:
    """The network in the frozen graph ``path``.

    Raises :class:`~edge.errors.DataError` if it is not the codelab's: another network, another end, or an operator
    that a MobileNet does not have, such as those of quantization-aware training.
    """
    graph = read_graph(path)
    if len(graph.node) > _MOST_NODES:
        raise DataError(f"{path.name}: it has {len(graph.node):,} nodes, more than any graph of the codelab")
    nodes = {node.name: node for node in graph.node}
    foreign = sorted({node.op for node in graph.node} - _KNOWN)
    constants = graph_constants(graph)
    weights = graph_weights(graph, constants, path.name)
    if foreign:
        name = shorten(foreign[0], 60) or "without a name"
        raise DataError(f"{path.name}: the operator {name} is none of the codelab's MobileNet; {CONVERT}")
    try:
        architecture = _architecture(nodes, weights["conv1"][0].shape[-1], path.name)
        head = _head(nodes, constants)
        layers = fold(weights, architecture)
        check_layers(layers, architecture)
    except (LookupError, ValueError) as error:
        raise DataError(f"{path.name}: not a graph of the codelab's retrain script ({error})") from None
    if len(head.weights) != layers["conv_pw_13"][1].shape[0]:
        raise DataError(f"{path.name}: its last layers do not fit its network")
    if len(head.bias) < 2:
        raise DataError(f"{path.name}: it has {len(head.bias)} output, and a classifier has two or more")
    return CodelabGraph(architecture, layers, head)


def _architecture(nodes: dict[str, Any], channels: int, name: str) -> Architecture:
    alpha = channels / FIRST_CHANNELS
    sizes = [
        [dimension.size for dimension in entry.value.shape.dim]
        for node in nodes.values()
        for entry in node.attr
        if node.op == "Placeholder" and entry.key == "shape"
    ]
    size = next((shape[1] for shape in sizes if len(shape) == 4 and shape[1] == shape[2]), None)
    if alpha not in ALPHAS or size not in INPUT_SIZES:
        raise DataError(f"{name}: a MobileNet v1 of width {alpha:g} and {size} pixels is none of the sixteen")
    return Architecture(alpha, size)


def _head(nodes: dict[str, Any], constants: dict[str, npt.NDArray[np.float32]]) -> Head:
    """The linear layers between the mean and the last softmax, as one.

    Raises :class:`LookupError` or :class:`ValueError` if there are others.
    """
    users = {name.split(":")[0] for node in nodes.values() for name in node.input}
    last = [node.name for node in nodes.values() if node.name not in users and node.op in {*_SAME, "Softmax"}]
    ends = [end for end in (_source(nodes, name) for name in last) if end.op == "Softmax"]
    if len(ends) != 1:
        raise ValueError(f"{len(ends)} softmaxes at its end")
    found: Head | None = None
    node = _source(nodes, ends[0].input[0])
    for _ in nodes:  # a damaged graph may run in circles
        if node.op in ("AvgPool", "Mean") and found is not None:
            return found
        product = _source(nodes, node.input[0])
        if node.op not in ("Add", "AddV2", "BiasAdd") or product.op not in ("MatMul", "Conv2D"):
            raise ValueError(f"a {node.op} behind a {product.op} where a linear layer should be")
        weights, bias = (constants[_source(nodes, one.input[1]).name].astype(np.float64) for one in (product, node))
        if weights.ndim < 2 or bias.shape != weights.shape[-1:]:
            raise ValueError(f"weights of the shape {weights.shape} with a bias of {bias.shape}")
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise ValueError("its last layers have values that are no finite numbers")
        layer = Head(weights.reshape(weights.shape[-2:]), bias)
        found = layer if found is None else _as_one(layer, found)
        node = _source(nodes, product.input[0])
    raise ValueError("its layers run in a circle")


def _as_one(first: Head, second: Head) -> Head:
    """What ``second`` gives of what ``first`` gives, as one layer."""
    inputs, outputs = len(first.weights), len(second.bias)
    if len(first.bias) != len(second.weights) or inputs * outputs > _LARGEST_HEAD:
        raise ValueError(f"layers of the shapes {first.weights.shape} and {second.weights.shape} behind each other")
    return Head(first.weights @ second.weights, first.bias @ second.weights + second.bias)


def _source(nodes: dict[str, Any], name: str) -> Any:
    """The node whose values are those of the output ``name``, past operators that leave them as they are."""
    node = nodes[name.split(":")[0]]
    for _ in nodes:
        if node.op not in _SAME:
            return node
        node = nodes[node.input[0].split(":")[0]]
    raise ValueError("its layers run in a circle")
