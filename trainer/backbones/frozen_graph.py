"""MobileNet weights out of a frozen TensorFlow graph, read as data: no operation of the graph is run.

Google's graphs of MobileNet v1 have batch normalisation as separate constants.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from trainer.backbones.architectures import BLOCKS

_SCOPE = "MobilenetV1/"

Arrays = list[npt.NDArray[np.float32]]


def read_graph_weights(path: Path) -> dict[str, Arrays]:
    """The weights of each layer of Keras' MobileNet in the graph ``path``: see :func:`graph_weights`.

    Raises :class:`~edge.errors.DataError` if the file is not a graph, or if a constant is missing.
    """
    return graph_weights(graph_constants(read_graph(path)), path.name)


def read_graph(path: Path) -> Any:
    """The message ``GraphDef`` in the file ``path``.

    Raises :class:`~edge.errors.DataError` if the file is not a graph.
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    from trainer.backbones.graph_messages import graph_class

    graph: Any = graph_class()()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError:
        raise DataError(f"{path.name}: not a frozen TensorFlow graph") from None
    return graph


def graph_weights(constants: dict[str, npt.NDArray[np.float32]], name: str) -> dict[str, Arrays]:
    """The weights of each layer of Keras' MobileNet, by layer name, in the order of ``layer.set_weights``.

    Convolutions have one kernel each; batch normalisation has gamma, beta, mean and variance. ``constants`` are those
    of a graph, ``name`` is that of its file.

    Raises :class:`~edge.errors.DataError` if a constant is missing.
    """
    layers: dict[str, Arrays] = {}
    for scope, kernel, layer in _layer_names():
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        try:
            layers[layer] = [constants[f"{_SCOPE}{scope}/{kernel}"]]
            layers[f"{layer}_bn"] = [constants[f"{_SCOPE}{scope}/BatchNorm/{part}"] for part in parts]
        except KeyError as error:
            raise DataError(f"{name}: no constant {error}; not a MobileNet v1 graph") from None
    return layers


def graph_constants(graph: Any) -> dict[str, npt.NDArray[np.float32]]:
    """The constants of ``graph`` that are arrays of 32-bit floats, by name.

    Raises :class:`~edge.errors.DataError` if one has not the bytes of its shape.
    """
    from trainer.backbones.graph_messages import FLOAT

    constants = {}
    for node in graph.node:
        if node.op != "Const":
            continue
        tensor = next((entry.value.tensor for entry in node.attr if entry.key == "value"), None)
        if tensor is not None and tensor.dtype == FLOAT and tensor.tensor_content:
            shape = [dimension.size for dimension in tensor.tensor_shape.dim]
            try:
                constants[node.name] = np.frombuffer(tensor.tensor_content, "<f4").reshape(shape)
            except ValueError:
                raise DataError(f"the constant {node.name} has not the bytes of its shape") from None
    return constants


def _layer_names() -> list[tuple[str, str, str]]:
    """(scope in the graph, name of the kernel there, layer in Keras) of every convolution."""
    names = [("Conv2d_0", "weights", "conv1")]
    for block in range(1, BLOCKS + 1):
        names.append((f"Conv2d_{block}_depthwise", "depthwise_weights", f"conv_dw_{block}"))
        names.append((f"Conv2d_{block}_pointwise", "weights", f"conv_pw_{block}"))
    return names
