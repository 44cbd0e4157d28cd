"""The input of a network of another project: an 8-bit one becomes uint8 and takes the pixels as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edge.inference.model_input import input_steps
from edge.modelfile.model_file import ModelFile
from trainer.tflite import add_operator, add_tensor

_VERSIONS = {"QUANTIZE": 1, "MUL": 1, "ADD": 1, "DEQUANTIZE": 1}
_FLOAT32, _UINT8, _INT8 = schema.TensorType.FLOAT32, schema.TensorType.UINT8, schema.TensorType.INT8


def put_image_first(tree: Any, model: ModelFile) -> None:
    """Let the only input of ``tree``, in place, take what our files take: the tree of ``model``.

    A float input stays as it is. An 8-bit one becomes uint8 and takes pixels from 0 to 255, and if the normalisation of
    ``model`` was given and says that a pixel is another step, the graph computes it.
    """
    graph = tree.subgraphs[0]
    before = len(graph.operators)
    graph.inputs = np.array([_image(tree, graph, model)], np.int32)
    # Operators run in their order: those of the input come first.
    graph.operators = [*graph.operators[before:], *graph.operators[:before]]


def _image(tree: Any, graph: Any, model: ModelFile) -> int:
    """The tensor that takes the pixels: the input itself, or a new one of uint8 before it."""
    given = int(graph.inputs[0])
    tensor = graph.tensors[given]
    if tensor.type not in (_UINT8, _INT8):
        return given
    shape = tuple(map(int, tensor.shape))
    if input_steps(model) is None:  # the steps are the pixels, counted from the lowest step
        if tensor.type == _UINT8:
            return given
        scale, zero_point = _quantization(tensor)
        image = add_tensor(tree, graph, "image", shape, _UINT8, scale, zero_point + 128)
        add_operator(tree, graph, "QUANTIZE", _VERSIONS, [image], given)
        return image
    image = add_tensor(tree, graph, "image", shape, _UINT8, 1.0, 0)
    pixels, scaled, real = (
        add_tensor(tree, graph, name, shape, _FLOAT32) for name in ("real numbers", "scaled", "normalized")
    )
    add_operator(tree, graph, "DEQUANTIZE", _VERSIONS, [image], pixels)
    mean, std = (_channels(value, model) for value in (model.mean, model.std))
    factor = add_tensor(tree, graph, "1 / std", (1 / std).astype("<f4"), _FLOAT32)
    options = schema.BuiltinOptions
    add_operator(tree, graph, "MUL", _VERSIONS, [pixels, factor], scaled, options.MulOptions, schema.MulOptionsT())
    summand = add_tensor(tree, graph, "-mean / std", (-mean / std).astype("<f4"), _FLOAT32)
    add_operator(tree, graph, "ADD", _VERSIONS, [scaled, summand], real, options.AddOptions, schema.AddOptionsT())
    add_operator(tree, graph, "QUANTIZE", _VERSIONS, [real], given)
    return image


def _channels(value: float | tuple[float, ...], model: ModelFile) -> npt.NDArray[np.float64]:
    numbers = np.atleast_1d(np.asarray(value, np.float64))
    return numbers.reshape(-1, 1, 1) if model.image.channels_first else numbers


def _quantization(tensor: Any) -> tuple[float, int]:
    zero_points = tensor.quantization.zeroPoint
    return float(tensor.quantization.scale[0]), int(zero_points[0]) if zero_points is not None else 0
