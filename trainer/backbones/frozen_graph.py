"""MobileNet weights out of a frozen TensorFlow graph, read as data: no operation of the graph is run.

Google's graphs of MobileNet v1 have batch normalisation as separate constants.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import DataError
from edge.modelfile.reading import read_bounded
from edge.shorten import shorten
from trainer.backbones.architectures import BLOCKS
from trainer.backbones.weights_file import LARGEST_BYTES, other_form

_SCOPE = "MobilenetV1/"

CONVERT = "convert it with TensorFlow's TFLiteConverter and give the .tflite"
"""What would do instead of a graph that cannot be read."""

Arrays = list[npt.NDArray[np.float32]]


def read_graph_weights(path: Path) -> dict[str, Arrays]:
    """The weights of each layer of Keras' MobileNet in the graph ``path``: see :func:`graph_weights`.

    Raises :class:`~edge.errors.DataError` if the file is not a graph, or if a constant is missing.
    """
    graph = read_graph(path)
    return graph_weights(graph, graph_constants(graph), path.name)


def read_graph(path: Path) -> Any:
    """The message ``GraphDef`` in the file ``path``.

    Raises :class:`~edge.errors.DataError` if the file is not a graph.
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    from trainer.backbones.graph_messages import check_fields, graph_class

    graph: Any = graph_class()()
    content = read_bounded(path, LARGEST_BYTES, "the graph")
    try:
        check_fields(content)
        graph.ParseFromString(content)
    except DecodeError:
        reason = other_form(path) or "a text graph (.pbtxt) or another file; give the binary .pb"
        raise DataError(f"{path.name}: not a frozen TensorFlow graph: {reason}") from None
    except DataError as error:
        raise DataError(f"{path.name}: not a frozen TensorFlow graph: {error}") from None
    if not graph.node:
        raise DataError(f"{path.name}: no graph in it: if it is of a SavedModel, {CONVERT}")
    return graph


def graph_weights(graph: Any, constants: dict[str, npt.NDArray[np.float32]], name: str) -> dict[str, Arrays]:
    """The weights of each layer of Keras' MobileNet, by layer name, in the order of ``layer.set_weights``.

    Convolutions have one kernel each; batch normalisation has gamma, beta, mean and variance. ``constants`` are those
    of ``graph``, ``name`` is that of its file.

    Raises :class:`~edge.errors.DataError` if a constant is missing.
    """
    layers: dict[str, Arrays] = {}
    for scope, kernel, layer in _layer_names():
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        try:
            layers[layer] = [constants[f"{_SCOPE}{scope}/{kernel}"]]
            layers[f"{layer}_bn"] = [constants[f"{_SCOPE}{scope}/BatchNorm/{part}"] for part in parts]
        except KeyError as error:
            raise DataError(f"{name}: no constant {error}; not a MobileNet v1 graph, but {_described(graph)}") from None
    return layers


def _described(graph: Any) -> str:
    """What network ``graph`` is, by the names of its nodes."""
    names = dict.fromkeys(node.name.partition("/")[0] for node in graph.node)
    if "DecodeJpeg" in names and "pool_3" in names:
        return "Inception v3, which the codelab's script takes if no other is named: train again with trainer retrain"
    shown = ", ".join(shorten(name, 30) for name in list(names)[:4])
    return f"one whose parts are called {shown}; {CONVERT}"


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
