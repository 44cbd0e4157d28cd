"""A TFLite graph that is being written: its tensors, its buffers and its operators.

Numbers are those of the public schema, ``tensorflow/lite/schema/schema.fbs`` version 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edge.modelfile.flatbuffer_writer import Data, Node, Scalar, Value, vector, write_flatbuffer
from edge.modelfile.structure import IDENTIFIER

FLOAT32, INT32, UINT8, INT8 = 0, 2, 3, 9
"""Types of tensors."""

_BUFFER_ALIGNMENT = 16  # force_align of Buffer.data
_SCHEMA = 3
_KINDS = {FLOAT32: "<f4", INT32: "<i4", UINT8: "u1", INT8: "i1"}


class Kernel(NamedTuple):
    """An operator: its number, the version of its kernel, and the type of its options (0: none)."""

    code: int
    version: int
    options: int = 0


class Steps(NamedTuple):
    """How an integer tensor stands for numbers: ``scale * (q - zero_point)``; several scales: one along ``axis``."""

    scales: tuple[float, ...]
    zero_point: int = 0
    axis: int = 0


class GraphWriter:
    """Collects tensors and operators; :meth:`write` makes the file."""

    def __init__(self) -> None:
        self._buffers: list[Node] = [{}]  # the first one is empty, for tensors that are computed
        self._tensors: list[Node] = []
        self._operators: list[Node] = []
        self._kernels: list[Kernel] = []

    def activation(self, name: str, shape: Sequence[int], kind: int, steps: Steps | None = None) -> int:
        """Add a tensor that is computed; returns its number."""
        return self._add(name, shape, kind, steps, 0)

    def constant(self, name: str, values: npt.NDArray[Any], kind: int, steps: Steps | None = None) -> int:
        """Add a tensor of fixed ``values``; returns its number."""
        data = np.ascontiguousarray(values, _KINDS[kind]).reshape(-1).view(np.uint8)
        self._buffers.append({0: Data(data, _BUFFER_ALIGNMENT)})
        return self._add(name, values.shape, kind, steps, len(self._buffers) - 1)

    def operator(self, kernel: Kernel, inputs: Sequence[int], output: int, options: Mapping[int, Value]) -> None:
        """Add an operator with its ``options``, by their slots."""
        if kernel not in self._kernels:
            self._kernels.append(kernel)
        node: dict[int, Value] = {
            0: Scalar("<I", self._kernels.index(kernel)),
            1: vector(inputs, "<i4"),
            2: vector([output], "<i4"),
        }
        if kernel.options:
            node |= {3: Scalar("<B", kernel.options), 4: options}
        self._operators.append(node)

    def write(self, image: int, scores: int, description: str) -> bytes:
        """The file, whose input is the tensor ``image`` and whose output is ``scores``."""
        graph: Node = {
            0: self._tensors,
            1: vector([image], "<i4"),
            2: vector([scores], "<i4"),
            3: self._operators,
            4: "main",
        }
        signature: Node = {
            0: [{0: "image", 1: Scalar("<I", image)}],
            1: [{0: "scores", 1: Scalar("<I", scores)}],
            2: "serving_default",
        }
        codes: list[Node] = [
            {0: Scalar("<b", kernel.code), 2: Scalar("<i", kernel.version), 3: Scalar("<i", kernel.code)}
            for kernel in self._kernels
        ]
        model: Node = {
            0: Scalar("<I", _SCHEMA),
            1: codes,
            2: [graph],
            3: description,
            4: self._buffers,
            7: [signature],
        }
        return write_flatbuffer(model, IDENTIFIER)

    def _add(self, name: str, shape: Sequence[int], kind: int, steps: Steps | None, buffer: int) -> int:
        node: dict[int, Value] = {
            0: vector(shape, "<i4"),
            1: Scalar("<b", kind),
            2: Scalar("<I", buffer),
            3: name,
            8: Scalar("<B", 1),  # has_rank
        }
        if steps is not None:
            node[4] = {
                2: vector(steps.scales, "<f4"),
                3: vector([steps.zero_point] * len(steps.scales), "<i8"),
                6: Scalar("<i", steps.axis),
            }
        self._tensors.append(node)
        return len(self._tensors) - 1
