"""Bias correction: the int8 backbone is made to compute, on average, what the float backbone computes.

Rounding weights and activations to 8 bits shifts the mean of every channel a little, and the shifts of 27 layers add
up. So each layer is corrected, from the first to the last: the shift that is left after all earlier corrections is
measured on a few pictures and subtracted from the layer's int32 bias: empirical bias correction, after Nagel et
al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv:1906.04721, section 4.2.
Each layer runs alone, on what the corrected layers before it have made of the pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edge.inference.interpreter import choose_runtime, open_interpreter
from edge.inference.processor import check_processor
from edge.parallel import available_cores
from edge.preprocess import Pixels
from trainer.tflite import read_model, write_model

_PASSES = 2  # each layer is measured twice: ReLU6 hides a part of the shift the first time
_MOST_SHIFT = 1.0  # a channel's correction in one pass, in units of the activation (0..6)
_LEAST_ACTIVE = 0.1  # below this share of unclamped activations, a correction may not be scaled up further
_CLAMPS = (0.01, 5.99)  # activations outside are clamped by ReLU6 and do not move with the bias

Array = npt.NDArray[Any]
Means = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def correct_biases(int8: bytes, float32: bytes, pictures: Sequence[Pixels]) -> bytes:
    """The flatbuffer ``int8`` with biases corrected towards ``float32``, the same network in floats.

    ``pictures`` are (height, width, 3), uint8, in the network's input size. Both networks must have the same
    convolutions in the same order, one operator behind the other, as two conversions of one model do.

    The preferred interpreter runs them. Raises :class:`~edge.errors.ModelError` if it cannot, and what
    :func:`~edge.inference.interpreter.choose_runtime` raises.
    """
    check_processor()
    corrected = read_model(int8)
    wanted = iter(_channel_means(read_model(float32), pictures))
    values = [picture[np.newaxis] for picture in pictures]
    convolutions = _convolutions(corrected)
    for position in range(convolutions[-1] + 1):
        if position in convolutions:
            means, active = next(wanted)
            for _ in range(_PASSES):
                found = _means(_run(corrected, position, values), _output(corrected, position))
                shift = (means - found) / np.maximum(active, _LEAST_ACTIVE)
                _add_to_bias(corrected, position, shift.clip(-_MOST_SHIFT, _MOST_SHIFT))
        if position < convolutions[-1]:
            values = _run(corrected, position, values)
    return write_model(corrected)


def _convolutions(model: Any) -> list[int]:
    """The positions of the convolutions among the operators of ``model``."""
    codes = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)
    operators = model.subgraphs[0].operators
    return [i for i, operator in enumerate(operators) if model.operatorCodes[operator.opcodeIndex].builtinCode in codes]


def _channel_means(model: Any, pictures: Sequence[Pixels]) -> list[Means]:
    """Of each convolution of the float ``model``: the mean activation of each channel, and the share not clamped."""
    graph = model.subgraphs[0]
    operators = [graph.operators[position] for position in _convolutions(model)]
    graph.outputs = np.concatenate([operator.outputs for operator in operators])
    interpreter = _interpreter(write_model(model))
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    sums: list[list[Any]] = [[0.0, 0.0] for _ in outputs]
    for picture in pictures:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], _normalised(picture))
        interpreter.invoke()
        for output, found in zip(outputs, sums, strict=True):
            activations = interpreter.get_tensor(output)
            activations = activations.reshape(-1, activations.shape[-1])
            found[0] += activations.mean(axis=0, dtype=np.float64)
            found[1] += ((activations > _CLAMPS[0]) & (activations < _CLAMPS[1])).mean(axis=0)
    return [(total / len(pictures), active / len(pictures)) for total, active in sums]


def _normalised(picture: Pixels) -> npt.NDArray[np.float32]:
    return (picture.astype(np.float32) / np.float32(127.5) - 1)[np.newaxis]


def _run(model: Any, position: int, values: Sequence[Array]) -> list[Array]:
    """What the operator at ``position`` makes of each of ``values``, in the type of its output."""
    graph, part = model.subgraphs[0], copy.copy(model)
    alone, operator = copy.copy(graph), graph.operators[position]
    alone.operators, alone.inputs, alone.outputs = [operator], operator.inputs[:1], operator.outputs
    used = {graph.tensors[index].buffer for index in operator.inputs}
    part.buffers = [buffer if index in used else schema.BufferT() for index, buffer in enumerate(model.buffers)]
    part.subgraphs, part.metadata = [alone], []
    interpreter = _interpreter(write_model(part))
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    made = []
    for value in values:
        interpreter.set_tensor(source["index"], value)
        interpreter.invoke()
        made.append(interpreter.get_tensor(target["index"]))
    return made


def _output(model: Any, position: int) -> Any:
    graph = model.subgraphs[0]
    return graph.tensors[int(graph.operators[position].outputs[0])]


def _means(values: Sequence[Array], tensor: Any) -> npt.NDArray[np.float64]:
    """The mean activation of each channel in ``values``, int8, whose scale and zero point are those of ``tensor``."""
    flat = [value.reshape(-1, value.shape[-1]).astype(np.float32) for value in values]
    # A product adds many times faster than a sum along the first axis, and adds these integers exactly.
    sums = [np.ones(len(value), np.float32) @ value for value in flat]
    mean = np.sum(sums, axis=0, dtype=np.float64) / sum(len(value) for value in flat)
    found: npt.NDArray[np.float64] = (mean - float(tensor.quantization.zeroPoint[0])) * float(
        tensor.quantization.scale[0]
    )
    return found


def _interpreter(content: bytes) -> Any:
    return open_interpreter(content, available_cores(), choose_runtime())


def _add_to_bias(model: Any, position: int, shift: npt.NDArray[np.float64]) -> None:
    graph = model.subgraphs[0]
    tensor = graph.tensors[int(graph.operators[position].inputs[2])]
    buffer = model.buffers[tensor.buffer]
    bias = np.frombuffer(np.asarray(buffer.data, np.uint8).tobytes(), "<i4")
    moved = np.rint(bias + shift / tensor.quantization.scale.astype(np.float64))
    buffer.data = np.frombuffer(moved.clip(-(2**31), 2**31 - 1).astype("<i4").tobytes(), np.uint8)
