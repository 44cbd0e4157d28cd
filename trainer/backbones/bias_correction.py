"""Bias correction: the int8 backbone is made to compute, on average, what the float backbone computes.

Rounding weights and activations to 8 bits shifts the mean of every channel a little, and the shifts of many layers add
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
from trainer.backbones.activation_ranges import normalized
from trainer.tflite import read_model, write_model

_PASSES = 2  # each layer is measured twice: its ends at 0 and 6 hide a part of the shift the first time
_MOST_SHIFT = 1 / 6  # a channel's correction in one pass, as a share of the range of the layer's activations
_LEAST_ACTIVE = 0.1  # below this share of unclamped activations, a correction may not be scaled up further
_CLAMPS = {  # activations outside are clamped and do not move with the bias
    schema.ActivationFunctionType.RELU6: (0.01, 5.99),
    schema.ActivationFunctionType.RELU: (0.01, np.inf),
    schema.ActivationFunctionType.NONE: (-np.inf, np.inf),
}

_STEPS = 255  # of int8

Array = npt.NDArray[Any]
Means = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def correct_biases(
    int8: bytes, float32: bytes, pictures: Sequence[Pixels], mean: float = 127.5, std: float = 127.5
) -> bytes:
    """The flatbuffer ``int8`` with biases corrected towards ``float32``, the same network in floats.

    ``pictures`` are (height, width, 3), uint8, in the network's input size; for the float network, a pixel becomes
    ``(p - mean) / std``. Both networks must have the same convolutions in the same order.

    The preferred interpreter runs them. Raises :class:`~edge.errors.ModelError` if it cannot, and what
    :func:`~edge.inference.interpreter.choose_runtime` raises.
    """
    check_processor()
    corrected = read_model(int8)
    wanted = iter(_channel_means(read_model(float32), normalized(pictures, mean, std)))
    values = _Values(corrected, pictures)
    convolutions = _convolutions(corrected)
    for position in range(convolutions[-1] + 1):
        if position in convolutions:
            means, active = next(wanted)
            output = _output(corrected, position)
            most = _MOST_SHIFT * _STEPS * float(output.quantization.scale[0])
            for _ in range(_PASSES):
                found = _means(values.of(position), output)
                shift = (means - found) / np.maximum(active, _LEAST_ACTIVE)
                _add_to_bias(corrected, position, shift.clip(-most, most))
        if position < convolutions[-1]:
            values.keep(position)
    return write_model(corrected)


def _convolutions(model: Any) -> list[int]:
    """The positions of the convolutions among the operators of ``model``."""
    codes = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)
    operators = model.subgraphs[0].operators
    return [i for i, operator in enumerate(operators) if model.operatorCodes[operator.opcodeIndex].builtinCode in codes]


def _channel_means(model: Any, pictures: Sequence[npt.NDArray[np.float32]]) -> list[Means]:
    """Of each convolution of the float ``model``: the mean activation of each channel, and the share not clamped."""
    graph = model.subgraphs[0]
    operators = [graph.operators[position] for position in _convolutions(model)]
    clamps = [_CLAMPS[operator.builtinOptions.fusedActivationFunction] for operator in operators]
    graph.outputs = np.concatenate([operator.outputs for operator in operators])
    interpreter = _interpreter(write_model(model))
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    sums: list[list[Any]] = [[0.0, 0.0] for _ in outputs]
    for picture in pictures:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[np.newaxis])
        interpreter.invoke()
        for output, (low, high), found in zip(outputs, clamps, sums, strict=True):
            activations = interpreter.get_tensor(output)
            activations = activations.reshape(-1, activations.shape[-1])
            found[0] += activations.mean(axis=0, dtype=np.float64)
            found[1] += ((activations > low) & (activations < high)).mean(axis=0)
    return [(total / len(pictures), active / len(pictures)) for total, active in sums]


class _Values:
    """The activations of an int8 network for a few pictures, one operator after the other."""

    def __init__(self, model: Any, pictures: Sequence[Pixels]) -> None:
        self._model, graph = model, model.subgraphs[0]
        self._values: dict[int, list[Array]] = {int(graph.inputs[0]): [picture[np.newaxis] for picture in pictures]}
        self._last_use = {int(index): i for i, operator in enumerate(graph.operators) for index in operator.inputs}

    def keep(self, position: int) -> None:
        """Compute the output of the operator at ``position`` for those behind it; drop what none of them takes."""
        made = self.of(position)
        self._values = {index: values for index, values in self._values.items() if self._last_use[index] > position}
        self._values[int(self._model.subgraphs[0].operators[position].outputs[0])] = made

    def of(self, position: int) -> list[Array]:
        """What the operator at ``position`` makes of each picture's activations, in the type of its output."""
        operator = self._model.subgraphs[0].operators[position]
        sources = list(dict.fromkeys(int(index) for index in operator.inputs if int(index) in self._values))
        interpreter = _interpreter(write_model(_alone(self._model, position, sources)))
        places = [detail["index"] for detail in interpreter.get_input_details()]
        (target,) = interpreter.get_output_details()
        made = []
        for inputs in zip(*(self._values[index] for index in sources), strict=True):
            for place, value in zip(places, inputs, strict=True):
                interpreter.set_tensor(place, value)
            interpreter.invoke()
            made.append(interpreter.get_tensor(target["index"]))
        return made


def _alone(model: Any, position: int, sources: Sequence[int]) -> Any:
    """The operator at ``position`` of ``model`` as a model of its own, which takes the tensors ``sources``.

    It has no other tensors and buffers: to write all of them for each layer would take most of the time.
    """
    graph = model.subgraphs[0]
    part, alone, operator = copy.copy(model), copy.copy(graph), copy.copy(graph.operators[position])
    used = list(dict.fromkeys(int(index) for index in (*operator.inputs, *operator.outputs) if index >= 0))
    place = {index: number for number, index in enumerate(used)} | {-1: -1}  # -1: an input that is left out
    part.buffers, alone.tensors = [schema.BufferT()], []
    for index in used:
        tensor = copy.copy(graph.tensors[index])
        part.buffers.append(model.buffers[tensor.buffer])
        tensor.buffer = len(part.buffers) - 1
        alone.tensors.append(tensor)
    operator.inputs = np.array([place[int(index)] for index in operator.inputs], np.int32)
    operator.outputs = np.array([place[int(index)] for index in operator.outputs], np.int32)
    alone.operators, alone.outputs = [operator], operator.outputs
    alone.inputs = np.array([place[index] for index in sources], np.int32)
    part.subgraphs, part.metadata, part.signatureDefs = [alone], [], []
    return part


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
