"""The hidden output: the bottleneck, which can become the model's second output.

A model file has one output, its scores. Its vector of outputs was written with two entries, ``[scores, bottleneck]``,
and its length was then changed from 2 to 1. A copy in memory with the length 2 gives scores and bottleneck in one
inference; all other bytes are the same.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import IDENTIFIER, TensorSpec, tensor_at

_OUTPUTS = 2  # slot of SubGraph.outputs in the schema


class Revealed(NamedTuple):
    """A model's bytes with both outputs declared, and the description of the second one."""

    content: bytes
    bottleneck: TensorSpec


def reveal(model: ModelFile) -> Revealed:
    """A copy of ``model``'s bytes whose second output is the bottleneck.

    Raises :class:`~edge.errors.ModelError` if the file does not hold what its manifest says: exactly one
    declared output, and after it the index of a tensor (1, features), float32 or int8 with a scale.
    """
    facts = model.manifest.gate if model.manifest else None
    if facts is None:
        raise ModelError("the model has no hidden output: its manifest names no gate")
    position = outputs_position(model.content)
    try:
        declared, _, hidden = struct.unpack_from("<Iii", model.content, position)
    except struct.error:
        declared = hidden = -1
    if declared != 1 or hidden != facts.tensor:
        raise ModelError("the model's hidden output is not where its manifest says; export the model again")
    bottleneck = tensor_at(model.content, hidden)
    numeric = bottleneck.dtype == np.float32 or (bottleneck.dtype == np.int8 and bottleneck.scale)
    if bottleneck.shape != (1, facts.features) or not numeric:
        raise ModelError(
            f"the model's hidden output is {bottleneck.dtype} {bottleneck.shape}, not one row of "
            f"{facts.features} features; export the model again"
        )
    return Revealed(with_declared_outputs(model.content, 2), bottleneck)


def outputs_position(content: bytes) -> int:
    """The position of the vector of outputs (first its length) in the flatbuffer at the start of ``content``."""
    graph = next(Table.root(content, IDENTIFIER).tables(2), None)
    position = graph and graph.vector_position(_OUTPUTS)
    if not position:
        raise ModelError("the model has no output; copy the file again")
    return position


def with_declared_outputs(content: bytes, count: int) -> bytes:
    """``content`` with ``count`` as the length of its vector of outputs, which must have that many entries."""
    position = outputs_position(content)
    return content[:position] + struct.pack("<I", count) + content[position + 4 :]
