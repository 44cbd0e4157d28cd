"""What the operators at both ends of a graph say of a model that says nothing itself: its pixels and its scores.

Numbers are those of ``BuiltinOperator`` in the public schema, ``tensorflow/lite/schema/schema.fbs`` version 3.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.modelfile.flatbuffer import Table
from edge.modelfile.kernels import kernel_of
from edge.modelfile.structure import IDENTIFIER

_ADD, _AVERAGE_POOL_2D, _CONV_2D, _FULLY_CONNECTED, _LOGISTIC, _MUL = 0, 1, 3, 9, 14, 18
_DEQUANTIZE, _QUANTIZE = 6, 114
_SOFTMAX, _MEAN, _SUB, _DIV, _LOG_SOFTMAX, _BATCH_MATMUL = 25, 40, 41, 42, 50, 126
# They move or convert values and change none: RESHAPE, TRANSPOSE, SQUEEZE, STRIDED_SLICE, CAST, SLICE, EXPAND_DIMS,
# DEQUANTIZE, QUANTIZE, GATHER.
_MOVING = {22, 39, 43, 45, 53, 65, 70, 6, 114, 36}
_AVERAGING = {_AVERAGE_POOL_2D, _MEAN}
_WEIGHING = {_FULLY_CONNECTED, _CONV_2D, _BATCH_MATMUL}
_LINEAR = {_ADD, _SUB, _MUL, _DIV}
_MOST_STEPS = 32
_RELU = 1  # ActivationFunctionType
_FUSED = {_CONV_2D: 3, _FULLY_CONNECTED: 0, _ADD: 0, _SUB: 0, _MUL: 0, _DIV: 0}  # slot of the fused activation
_RANGES = ((0.0, 255.0), (0.0, 1.0), (-1.0, 1.0))
_CLOSE = 0.1  # of a range, by which the ends of a calibrated one may be off
_SMALL = 0.05  # a first layer with smaller weights is for pixels of 0..255: others have 0.3 to 3, these 0.003


class Ending(Enum):
    """The last operator that computes something, so what the outputs are."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    LOG_SOFTMAX = "log-softmax"
    LOGITS = "logits"
    UNKNOWN = "unknown"


class _Operator(NamedTuple):
    code: int
    inputs: list[int]
    outputs: list[int]
    activation: int


class Graph:
    """The operators of the first graph in ``content``, whose structure has been examined."""

    def __init__(self, content: bytes) -> None:
        """Read the operators.

        Raises :class:`~edge.errors.ModelError` if the flatbuffer is damaged.
        """
        model = Table.root(content, IDENTIFIER)
        graph = next(model.tables(2))
        codes = [kernel_of(code) for code in model.tables(1)]
        self._buffers = list(model.tables(4))
        self._tensors = list(graph.tables(0))
        self._input, self._output = int(graph.array(1, np.int32)[0]), int(graph.array(2, np.int32)[0])
        self._operators = [_operator(table, codes[table.integer(0, np.uint32)]) for table in graph.tables(3)]
        self._made_by = {tensor: operator for operator in self._operators for tensor in operator.outputs}

    def ending(self) -> Ending:
        """What the outputs are, found by going back from them to the operator that made their values."""
        tensor, changed, averaged = self._output, False, False
        for _ in range(_MOST_STEPS):
            operator = self._made_by.get(tensor)
            if operator is None or not operator.inputs:
                return Ending.UNKNOWN
            if operator.code in _WEIGHING:
                plain = operator.activation == 0 or (operator.activation == _RELU and not changed)
                return Ending.LOGITS if plain else Ending.UNKNOWN
            known = {_SOFTMAX: Ending.SOFTMAX, _LOGISTIC: Ending.SIGMOID, _LOG_SOFTMAX: Ending.LOG_SOFTMAX}
            if operator.code in known:
                ending = known[operator.code]
                return Ending.UNKNOWN if changed or (averaged and ending is not Ending.SOFTMAX) else ending
            computed = [index for index in operator.inputs if index >= 0 and not self._is_constant(index)]
            if operator.code in _LINEAR and len(computed) == 1 and not operator.activation:
                changed = True
            elif operator.code in _AVERAGING:
                averaged = True
            elif operator.code not in _MOVING:
                return Ending.LOGITS if averaged and not changed else Ending.UNKNOWN
            if not computed:
                return Ending.UNKNOWN
            tensor = computed[0]
        return Ending.UNKNOWN

    def expected_range(self) -> tuple[float, float] | None:
        """The values of black and white that the first operators show; None if they show none.

        They scale it to -1..1 or 0..1, as Keras' layer ``Rescaling`` does; or they quantize it, and the steps stand for
        a range; or the weights of the first convolution are so small that this scale has been multiplied into them.
        """
        scale, offset = self._first_scaling()
        for low, high in _RANGES:
            ends = (low * scale + offset, high * scale + offset)
            if (scale, offset) != (1.0, 0.0) and any(_close(ends, wanted) for wanted in ((-1.0, 1.0), (0.0, 1.0))):
                return low, high
        users = [operator for operator in self._operators if self._input in operator.inputs]
        if len(users) != 1 or not users[0].outputs:
            return None
        if users[0].code == _QUANTIZE:
            return self._quantized_range(users[0].outputs[0])
        if users[0].code == _CONV_2D and len(users[0].inputs) > 1:
            weights = self._floats(users[0].inputs[1])
            if len(weights) and _size_of_sums(weights, self._shape(users[0].inputs[1])) < _SMALL:
                return _RANGES[0]
        return None

    def _quantized_range(self, tensor: int) -> tuple[float, float] | None:
        """The usual range that the steps of the 8-bit ``tensor`` stand for, None if for another."""
        quantization = self._tensors[tensor].table(4)
        scales = quantization.array(2, np.float32) if quantization else np.empty(0, np.float32)
        types = {9: (-128, 127), 3: (0, 255)}
        steps = types.get(self._tensors[tensor].integer(1, np.int8))
        if quantization is None or len(scales) != 1 or steps is None:
            return None
        zero_points = quantization.array(3, np.int64)
        zero_point = int(zero_points[0]) if len(zero_points) else 0
        low, high = (float(scales[0]) * (step - zero_point) for step in steps)
        for ends in _RANGES:
            if max(abs(low - ends[0]), abs(high - ends[1])) <= _CLOSE * (ends[1] - ends[0]):
                return ends
        return None

    def _first_scaling(self) -> tuple[float, float]:
        tensor, scale, offset = self._input, 1.0, 0.0
        for _ in range(4):
            users = [operator for operator in self._operators if tensor in operator.inputs]
            if len(users) != 1 or users[0].code not in _LINEAR or len(users[0].inputs) != 2 or not users[0].outputs:
                break
            operator = users[0]
            constant = self._number(operator.inputs[1 - operator.inputs.index(tensor)])
            if constant is None or (operator.code in (_SUB, _DIV) and operator.inputs[0] != tensor):
                break
            if operator.code in (_MUL, _DIV):
                factor = constant if operator.code == _MUL else 1 / constant if constant else math.inf
                scale, offset = scale * factor, offset * factor
            else:
                offset += constant if operator.code == _ADD else -constant
            tensor = operator.outputs[0]
        return scale, offset

    def _floats(self, tensor: int) -> npt.NDArray[np.float32]:
        """The values of a constant in floats, also of one that is stored in 16 bits; empty if it is something else."""
        operator = self._made_by.get(tensor)
        if operator is not None and operator.code == _DEQUANTIZE and operator.inputs:
            tensor = operator.inputs[0]
        kind = {0: "<f4", 1: "<f2"}.get(self._tensors[tensor].integer(1, np.int8)) if tensor >= 0 else None
        data = self._data(tensor).bytes(0) if kind else b""
        return np.frombuffer(data, kind).astype(np.float32) if data and kind else np.empty(0, np.float32)

    def _shape(self, tensor: int) -> list[int]:
        return [int(size) for size in self._tensors[tensor].array(0, np.int32)]

    def _is_constant(self, tensor: int) -> bool:
        return self._data(tensor).size(0) > 0

    def _number(self, tensor: int) -> float | None:
        """The only value of the float32 constant ``tensor``, None if it is something else."""
        data = self._data(tensor).bytes(0) if tensor >= 0 else b""
        if len(data) != 4 or self._tensors[tensor].integer(1, np.int8) != 0:
            return None
        return float(np.frombuffer(data, "<f4")[0])

    def _data(self, tensor: int) -> Table:
        return self._buffers[self._tensors[tensor].integer(2, np.uint32)]


def _close(ends: tuple[float, float], wanted: tuple[float, float]) -> bool:
    return all(abs(end - value) < 0.01 for end, value in zip(ends, wanted, strict=True))  # 128 or 127.5: the same


def _size_of_sums(weights: npt.NDArray[np.float32], shape: list[int]) -> float:
    """The root mean square of ``weights`` of ``shape`` (outputs, ...), times the root of the number in one sum."""
    squares = float(np.square(weights.astype(np.float64)).mean())
    return math.sqrt(squares * math.prod(shape[1:])) if math.isfinite(squares) else math.inf


def _operator(table: Table, code: int) -> _Operator:
    options = table.table(4)
    return _Operator(
        code,
        [int(index) for index in table.array(1, np.int32)],
        [int(index) for index in table.array(2, np.int32)],
        options.integer(_FUSED[code], np.int8) if options is not None and code in _FUSED else 0,
    )
