"""The graph of another project's model, with the operators at both ends that our files have.

An 8-bit input becomes uint8 and takes the pixels as they are; outputs become probabilities, one for each label. Then
any reader of TFLite computes what :class:`edge.Classifier` computed with the options.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.modelfile.foreign import Function, ScoreTransform
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from trainer.backbones.foreign.image_input import put_image_first
from trainer.backbones.foreign.read_file import read_checked
from trainer.export.splice import SIGNATURE, add_fully_connected, add_softmax
from trainer.tflite import add_operator, add_tensor, noted_runtime, raise_runtime, read_model, set_signature

_VERSIONS = {"QUANTIZE": 1, "RESHAPE": 1, "SOFTMAX": 1, "LOGISTIC": 1, "FULLY_CONNECTED": 1}
_DEQUANTIZE = {schema.TensorType.UINT8: 1, schema.TensorType.INT8: 2}
_RUNTIME = "1.14.0"  # has all versions above
_FLOAT32, _UINT8, _INT8 = schema.TensorType.FLOAT32, schema.TensorType.UINT8, schema.TensorType.INT8
_EIGHT_BITS = (_UINT8, _INT8)


def adopted_tree(model: ModelFile) -> Any:
    """The object tree of ``model`` with our borders: input ``image``, output ``scores``, signature ``serving_default``.

    Raises :class:`~edge.errors.ModelError` if it is not what TFLite's converters write.
    """
    assert model.transform is not None
    tree = read_checked(lambda: read_model(model.content[: unpack_files(model.content).flatbuffer_bytes]))
    graph = tree.subgraphs[0]
    for border in (graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]):
        border.name = b"original " + (border.name or b"")
    put_image_first(tree, model)
    graph.outputs = np.array([_scores(tree, graph, model, model.transform)], np.int32)
    graph.tensors[graph.inputs[0]].name, graph.tensors[graph.outputs[0]].name = b"image", b"scores"
    set_signature(tree, SIGNATURE)
    if noted_runtime(tree) is not None:
        raise_runtime(tree, _RUNTIME)
    return tree


def _scores(tree: Any, graph: Any, model: ModelFile, transform: ScoreTransform) -> int:
    """The tensor with the probabilities: the output itself, or a new one behind it."""
    given = int(graph.outputs[0])
    tensor = graph.tensors[given]
    computed = transform.pair or transform.function in (Function.SOFTMAX, Function.EXPONENTIAL, Function.SIGMOID)
    if not computed:
        if tensor.type != _INT8:
            return given
        scale, zero_point = _quantization(tensor)
        scores = add_tensor(tree, graph, "scores", tuple(map(int, tensor.shape)), _UINT8, scale, zero_point + 128)
        add_operator(tree, graph, "QUANTIZE", _VERSIONS, [given], scores)
        return scores
    batch = model.image.batch
    last = _dequantized(tree, graph, given) if tensor.type in _EIGHT_BITS else given
    row = (batch, int(np.prod(tensor.shape)) // batch)
    if tuple(tensor.shape) != row:
        last = _reshaped(tree, graph, last, row)
    if transform.function in (Function.SOFTMAX, Function.EXPONENTIAL):  # softmax of log-softmax is softmax
        made = _float(tree, graph, "softmax", row)
        add_softmax(tree, graph, last, made, _VERSIONS)
        return made
    if transform.function is Function.SIGMOID:
        made = _float(tree, graph, "sigmoid", row)
        add_operator(tree, graph, "LOGISTIC", _VERSIONS, [last], made)
        last = made
    return _pair(tree, graph, last, batch) if transform.pair else last


def _pair(tree: Any, graph: Any, probability: int, batch: int) -> int:
    """1 - p and p, from the tensor of one ``probability`` p."""
    weights = add_tensor(tree, graph, "pair/weights", np.array([[-1], [1]], "<f4"), _FLOAT32)
    bias = add_tensor(tree, graph, "pair/bias", np.array([1, 0], "<f4"), _FLOAT32)
    made = _float(tree, graph, "pair", (batch, 2))
    add_fully_connected(tree, graph, [probability, weights, bias], made, _VERSIONS)
    return made


def _reshaped(tree: Any, graph: Any, tensor: int, shape: tuple[int, ...]) -> int:
    made = _float(tree, graph, "row", shape)
    options = schema.ReshapeOptionsT()
    options.newShape = np.array(shape, np.int32)
    add_operator(tree, graph, "RESHAPE", _VERSIONS, [tensor], made, schema.BuiltinOptions.ReshapeOptions, options)
    return made


def _dequantized(tree: Any, graph: Any, tensor: int) -> int:
    made = _float(tree, graph, "real numbers", tuple(map(int, graph.tensors[tensor].shape)))
    add_operator(tree, graph, "DEQUANTIZE", {"DEQUANTIZE": _DEQUANTIZE[graph.tensors[tensor].type]}, [tensor], made)
    return made


def _float(tree: Any, graph: Any, name: str, shape: tuple[int, ...]) -> int:
    return add_tensor(tree, graph, name, shape, _FLOAT32)


def _quantization(tensor: Any) -> tuple[float, int]:
    zero_points = tensor.quantization.zeroPoint
    return float(tensor.quantization.scale[0]), int(zero_points[0]) if zero_points is not None else 0
