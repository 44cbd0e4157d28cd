"""What the operators at both ends of a graph say of a model that says nothing itself: its pixels and its scores.

Numbers are those of ``BuiltinOperator`` in the public schema, ``tensorflow/lite/schema/schema.fbs`` version 3.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

import numpy as np

from edge.modelfile.flatbuffer import Table
from edge.modelfile.structure import IDENTIFIER

_ADD, _AVERAGE_POOL_2D, _CONV_2D, _FULLY_CONNECTED, _LOGISTIC, _MUL = 0, 1, 3, 9, 14, 18
_SOFTMAX, _MEAN, _SUB, _DIV, _LOG_SOFTMAX, _BATCH_MATMUL = 25, 40, 41, 42, 50, 126
# They move or convert values and change none: RESHAPE, TRANSPOSE, SQUEEZE, STRIDED_SLICE, CAST, SLICE, EXPAND_DIMS,
# DEQUANTIZE, QUANTIZE, GATHER.
_MOVING = {22, 39, 43, 45, 53, 65, 70, 6, 114, 36}
_AVERAGING = {_AVERAGE_POOL_2D, _MEAN}
_WEIGHING = {_FULLY_CONNECTED, _CONV_2D, _BATCH_MATMUL}
_LINEAR = {_ADD, _SUB, _MUL, _DIV}
_MOST_STEPS = 32


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


class Graph:
    """The operators of the first graph in ``content``, whose structure has been examined."""

    def __init__(self, content: bytes) -> None:
        """Read the operators.

        Raises :class:`~edge.errors.ModelError` if the flatbuffer is damaged.
        """
        model = Table.root(content, IDENTIFIER)
        graph = next(model.tables(2))
        codes = [max(code.integer(0, np.int8), code.integer(3, np.int32)) for code in model.tables(1)]
        self._buffers = list(model.tables(4))
        self._tensors = list(graph.tables(0))
        self._input, self._output = int(graph.array(1, np.int32)[0]), int(graph.array(2, np.int32)[0])
        self._operators = [
            _Operator(
                codes[operator.integer(0, np.uint32)],
                [int(index) for index in operator.array(1, np.int32)],
                [int(index) for index in operator.array(2, np.int32)],
            )
            for operator in graph.tables(3)
        ]

    def ending(self) -> Ending:
        """What the outputs are, found by going back from them to the operator that made their values."""
        made_by = {tensor: operator for operator in self._operators for tensor in operator.outputs}
        tensor, changed, averaged = self._output, False, False
        for _ in range(_MOST_STEPS):
            operator = made_by.get(tensor)
            if operator is None or not operator.inputs:
                return Ending.UNKNOWN
            if operator.code in _WEIGHING:
                return Ending.LOGITS
            known = {_SOFTMAX: Ending.SOFTMAX, _LOGISTIC: Ending.SIGMOID, _LOG_SOFTMAX: Ending.LOG_SOFTMAX}
            if operator.code in known:
                ending = known[operator.code]
                return Ending.UNKNOWN if changed or (averaged and ending is not Ending.SOFTMAX) else ending
            computed = [index for index in operator.inputs if index >= 0 and not self._is_constant(index)]
            if operator.code in _LINEAR and len(computed) == 1:
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
        """The values of black and white that the first operators scale to -1..1 or 0..1; None if they scale nothing.

        Models that Keras made often begin with such a layer, ``Rescaling``.
        """
        scale, offset = self._first_scaling()
        for low, high in ((0.0, 255.0), (0.0, 1.0), (-1.0, 1.0)):
            ends = (low * scale + offset, high * scale + offset)
            if (scale, offset) != (1.0, 0.0) and any(_close(ends, wanted) for wanted in ((-1.0, 1.0), (0.0, 1.0))):
                return low, high
        return None

    def _first_scaling(self) -> tuple[float, float]:
        tensor, scale, offset = self._input, 1.0, 0.0
        for _ in range(4):
            users = [operator for operator in self._operators if tensor in operator.inputs]
            if len(users) != 1 or users[0].code not in _LINEAR or len(users[0].inputs) != 2:
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
