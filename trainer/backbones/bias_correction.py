"""Bias correction: the int8 backbone is made to compute, on average, what the float backbone computes.

Rounding weights and activations to 8 bits shifts the mean of every channel a little, and the shifts of 27 layers add
up. So each layer is corrected, from the first to the last: the shift that is left after all earlier corrections is
measured on a few pictures and subtracted from the layer's int32 bias: empirical bias correction, after Nagel et
al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv:1906.04721, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edge.inference.interpreter import ImageInterpreter
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from edge.preprocess import Pixels
from trainer.tflite import read_model, write_model

_PASSES = 2  # each layer is measured twice: ReLU6 hides a part of the shift the first time
_MOST_SHIFT = 1.0  # a channel's correction in one pass, in units of the activation (0..6)
_LEAST_ACTIVE = 0.1  # below this share of unclamped activations, a correction may not be scaled up further
_DTYPES = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.UINT8: np.uint8, schema.TensorType.INT8: np.int8}
_CLAMPS = (0.01, 5.99)  # activations outside are clamped by ReLU6 and do not move with the bias

Means = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def correct_biases(int8: bytes, float32: bytes, pictures: Sequence[Pixels]) -> bytes:
    """The flatbuffer ``int8`` with biases corrected towards ``float32``, the same network in floats.

    ``pictures`` are (height, width, 3), uint8, in the network's input size. Both networks must have the same
    convolutions in the same order, as two conversions of one model do.
    """
    corrected, reference = read_model(int8), read_model(float32)
    pairs = list(zip(_convolutions(corrected), _convolutions(reference), strict=True))
    for position, reference_position in pairs:
        wanted, active = _channel_means(reference, reference_position, pictures)
        for _ in range(_PASSES):
            found, _ = _channel_means(corrected, position, pictures)
            shift = (wanted - found) / np.maximum(active, _LEAST_ACTIVE)
            _add_to_bias(corrected, position, shift.clip(-_MOST_SHIFT, _MOST_SHIFT))
    return write_model(corrected)


def _convolutions(model: Any) -> list[int]:
    """The positions of the convolutions among the operators of ``model``."""
    codes = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)
    operators = model.subgraphs[0].operators
    return [i for i, operator in enumerate(operators) if model.operatorCodes[operator.opcodeIndex].builtinCode in codes]


def _channel_means(model: Any, position: int, pictures: Sequence[Pixels]) -> Means:
    """Mean activation of each channel behind the operator at ``position``, and the share that is not clamped."""
    graph = model.subgraphs[0]
    operators, outputs = graph.operators, graph.outputs
    try:  # the network up to this operator is a network too, and runs on the fast kernels
        graph.operators, graph.outputs = operators[: position + 1], operators[position].outputs
        content = write_model(model)
    finally:
        graph.operators, graph.outputs = operators, outputs
    tensor = graph.tensors[int(operators[position].outputs[0])]
    channels = int(tensor.shape[-1])
    interpreter = ImageInterpreter(_runnable(content, graph.tensors[int(graph.inputs[0])], tensor))
    total, active = np.zeros(channels), np.zeros(channels)
    for picture in pictures:
        activations = interpreter.scores(picture).reshape(-1, channels)
        total += activations.mean(axis=0, dtype=np.float64)
        active += ((activations > _CLAMPS[0]) & (activations < _CLAMPS[1])).mean(axis=0)
    return total / len(pictures), active / len(pictures)


def _runnable(content: bytes, image: Any, output: Any) -> ModelFile:
    specs = []
    for tensor in (image, output):
        quantized = tensor.quantization is not None and tensor.quantization.scale is not None
        scale = float(tensor.quantization.scale[0]) if quantized else 0.0
        zero_point = int(tensor.quantization.zeroPoint[0]) if quantized else 0
        shape = tuple(int(size) for size in tensor.shape)
        specs.append(TensorSpec(tensor.name.decode(), shape, np.dtype(_DTYPES[tensor.type]), scale, zero_point))
    return ModelFile(content, (), None, specs[0], specs[1])


def _add_to_bias(model: Any, position: int, shift: npt.NDArray[np.float64]) -> None:
    graph = model.subgraphs[0]
    tensor = graph.tensors[int(graph.operators[position].inputs[2])]
    buffer = model.buffers[tensor.buffer]
    bias = np.frombuffer(np.asarray(buffer.data, np.uint8).tobytes(), "<i4")
    moved = np.rint(bias + shift / tensor.quantization.scale.astype(np.float64))
    buffer.data = np.frombuffer(moved.clip(-(2**31), 2**31 - 1).astype("<i4").tobytes(), np.uint8)
