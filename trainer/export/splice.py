"""The splice: a head is appended to the backbone's own flatbuffer. No second conversion, no TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from trainer.backbones.cut_head import FACTORS
from trainer.export.quantized_head import SOFTMAX_SCALE, QuantizedHead
from trainer.head.linear import Head
from trainer.tflite import FLOAT_RUNTIME, INT8_RUNTIME, add_operator, add_tensor, raise_runtime, set_signature

# Versions that tflite-runtime 2.14 knows too: 4 is int8 weights with one scale (12, one a channel, is too new).
_INT8_VERSIONS = {"MUL": 2, "FULLY_CONNECTED": 4, "SOFTMAX": 2, "QUANTIZE": 1}
_FLOAT_VERSIONS = {"FULLY_CONNECTED": 1, "SOFTMAX": 1}
_HALF = 0.5  # scale of the factors: old kernels refuse a product that is multiplied by 1 or more at its end

SIGNATURE = "serving_default"
"""The name that TensorFlow gives to a model's only signature, so that programs look for it."""


def splice_head(model: Any, head: Head | QuantizedHead) -> None:
    """Append FULLY_CONNECTED and SOFTMAX to the backbone ``model``, in place, after a MUL if the head has factors.

    A float ``head`` goes behind float32 bottlenecks and the output is float32; a quantized one goes behind
    int8 bottlenecks and the output is uint8 with scale 1/256. The only signature then is :data:`SIGNATURE`, with
    the input ``image`` and the output ``scores``. A signature of the backbone is removed: it names another output.
    """
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].name = b"image"
    bottleneck = int(graph.outputs[0])
    graph.tensors[bottleneck].name = b"bottleneck"
    if isinstance(head, QuantizedHead):
        output = _append_int8(model, graph, bottleneck, head)
        raise_runtime(model, INT8_RUNTIME)
    else:
        output = _append_float(model, graph, bottleneck, head)
        raise_runtime(model, FLOAT_RUNTIME)
    graph.outputs = np.array([output], np.int32)
    set_signature(model, SIGNATURE)


def _append_float(model: Any, graph: Any, bottleneck: int, head: Head) -> int:
    labels = len(head.bias)
    float32 = schema.TensorType.FLOAT32
    weights = add_tensor(model, graph, "head/weights", head.weights.T.astype("<f4"), float32)
    bias = add_tensor(model, graph, "head/bias", head.bias.astype("<f4"), float32)
    logits = add_tensor(model, graph, "logits", (1, labels), float32)
    scores = add_tensor(model, graph, "scores", (1, labels), float32)
    add_fully_connected(model, graph, [bottleneck, weights, bias], logits, _FLOAT_VERSIONS)
    add_softmax(model, graph, logits, scores, _FLOAT_VERSIONS)
    return scores


def _append_int8(model: Any, graph: Any, bottleneck: int, head: QuantizedHead) -> int:
    labels = len(head.bias)
    int8, int32, uint8 = schema.TensorType.INT8, schema.TensorType.INT32, schema.TensorType.UINT8
    quantization = graph.tensors[bottleneck].quantization
    input_scale, zero_point = float(quantization.scale[0]), int(quantization.zeroPoint[0])
    features = bottleneck
    if head.factors is not None:
        doubled = (head.factors[np.newaxis].astype(np.int16) * 2).astype(np.int8)
        factors = add_tensor(model, graph, FACTORS.decode(), doubled, int8, _HALF, 0)
        features = add_tensor(model, graph, "multiplied bottleneck", doubled.shape, int8, input_scale, zero_point)
        _add_multiplication(model, graph, [bottleneck, factors], features)
    bias_scale = float(np.float32(input_scale) * np.float32(head.weight_scale))
    weights = add_tensor(model, graph, "head/weights", head.weights, int8, head.weight_scale, 0)
    bias = add_tensor(model, graph, "head/bias", head.bias.astype("<i4"), int32, bias_scale, 0)
    logits = add_tensor(model, graph, "logits", (1, labels), int8, head.logit_scale, head.logit_zero_point)
    softmax = add_tensor(model, graph, "softmax", (1, labels), int8, SOFTMAX_SCALE, -128)
    scores = add_tensor(model, graph, "scores", (1, labels), uint8, SOFTMAX_SCALE, 0)
    add_fully_connected(model, graph, [features, weights, bias], logits, _INT8_VERSIONS)
    add_softmax(model, graph, logits, softmax, _INT8_VERSIONS)
    add_operator(model, graph, "QUANTIZE", _INT8_VERSIONS, [softmax], scores)
    return scores


def _add_multiplication(model: Any, graph: Any, inputs: list[int], output: int) -> None:
    options = schema.MulOptionsT()
    add_operator(model, graph, "MUL", _INT8_VERSIONS, inputs, output, schema.BuiltinOptions.MulOptions, options)


def add_fully_connected(model: Any, graph: Any, inputs: list[int], output: int, versions: dict[str, int]) -> None:
    """Append FULLY_CONNECTED of ``inputs`` (values, weights, bias): see :func:`~trainer.tflite.add_operator`."""
    add_operator(
        model,
        graph,
        "FULLY_CONNECTED",
        versions,
        inputs,
        output,
        schema.BuiltinOptions.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )


def add_softmax(model: Any, graph: Any, logits: int, output: int, versions: dict[str, int]) -> None:
    """Append SOFTMAX of ``logits``: see :func:`~trainer.tflite.add_operator`."""
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    add_operator(model, graph, "SOFTMAX", versions, [logits], output, schema.BuiltinOptions.SoftmaxOptions, options)
