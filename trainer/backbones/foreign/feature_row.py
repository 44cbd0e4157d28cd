"""The end of a network as our heads need it: one row (1, values), in int8 or float32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.errors import ModelError
from trainer.backbones.foreign.tree_view import TreeView
from trainer.tflite import add_operator, add_tensor

MOST_VALUES = 16_384
"""The longest bottleneck. Networks have 64 to 4,096 values; more would make cache and head slow and large."""

_FLOAT32, _UINT8, _INT8 = schema.TensorType.FLOAT32, schema.TensorType.UINT8, schema.TensorType.INT8


def end_in_row(tree: Any, *, channels_first: bool = False) -> None:
    """Let ``tree``, in place, end in one row that is made of its output.

    uint8 becomes int8 with the same steps; a map (1, height, width, values) is averaged; other shapes that hold one row
    of values are reshaped. With ``channels_first`` a map is (1, values, height, width) if its last two sizes are equal.

    Raises :class:`~edge.errors.ModelError` if it holds no such row, or one of more than :data:`MOST_VALUES`.
    """
    row = _Row(tree)
    if row.kind == _UINT8:
        row.become_int8()
    if len(row.shape) == 4 and max(row.shape) != math.prod(row.shape):
        row.average(channels_first)
    values = math.prod(row.shape)
    if not 1 < values <= MOST_VALUES or max(row.shape) != values:
        raise ModelError(
            f"its features are {row.shape}; give a network that ends in one row of 2 to {MOST_VALUES:,} values"
        )
    if row.shape != (1, values):
        row.reshape((1, values))


class _Row:
    """The output of ``tree``, which every method replaces by one behind it."""

    def __init__(self, tree: Any) -> None:
        view = TreeView(tree)
        self._tree, self._graph = tree, view.graph
        self._tensor = int(view.graph.outputs[0])
        self.shape, self.kind = view.shape(self._tensor), view.type(self._tensor)
        self._steps = view.steps(self._tensor) or (0.0, 0)
        if self.kind not in (_FLOAT32, _UINT8, _INT8) or (self.kind != _FLOAT32 and not self._steps[0]):
            raise ModelError("its features are neither float32, uint8 nor int8; convert the network to one of these")

    def become_int8(self) -> None:
        self.kind, self._steps = _INT8, (self._steps[0], self._steps[1] - 128)
        self._append("QUANTIZE", 1)

    def average(self, channels_first: bool) -> None:
        _, *sizes = self.shape
        first = channels_first and sizes[1] == sizes[2] != sizes[0]
        places = np.array([2, 3] if first else [1, 2], "<i4")
        axes = add_tensor(self._tree, self._graph, "mean/axes", places, schema.TensorType.INT32)
        self.shape = (self.shape[0], sizes[0] if first else sizes[2])
        options = schema.ReducerOptionsT()
        options.keepDims = False
        version = 2 if self.kind == _INT8 else 1
        self._append("MEAN", version, [axes], schema.BuiltinOptions.ReducerOptions, options)

    def reshape(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        options = schema.ReshapeOptionsT()
        options.newShape = np.array(shape, np.int32)
        self._append("RESHAPE", 1, [], schema.BuiltinOptions.ReshapeOptions, options)

    def _append(self, name: str, version: int, constants: Sequence[int] = (), *options: Any) -> None:
        steps = self._steps if self.kind == _INT8 else (0.0, 0)
        made = add_tensor(self._tree, self._graph, f"features/{name.lower()}", self.shape, self.kind, *steps)
        inputs = [self._tensor, *constants]
        add_operator(self._tree, self._graph, name, {name: version}, inputs, made, *options)
        self._tensor = made
        self._graph.outputs = np.array([made], np.int32)
