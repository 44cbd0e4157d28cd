"""The operators of a graph in their order: each reads only values that are there, and writes only new ones.

An interpreter does not check this. It plans the memory of the tensors by this order, and runs the operators as they
stand.
"""

from __future__ import annotations

import numpy as np

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.kernels import DEQUANTIZE, RESHAPE, check_kernel

_MAX_CONNECTIONS = 1_000_000  # inputs and outputs of all operators; a model of 500 operators has about 2,000
_OPTIONAL = -1  # an operator input that is left out
_NEEDED = 2  # inputs that no operator of an image classifier leaves out: values and weights


def check_operators(graph: Table, shapes: list[tuple[int, ...]], stored: list[bool], kernels: list[int]) -> int:
    """Check the operators of ``graph`` and return how many there are.

    ``shapes`` are those of its tensors, and ``stored`` says of each whether it has its values before the first
    operator runs; the inputs of the graph have theirs too. ``kernels`` are the numbers of the model's kernels, from
    :func:`~edge.modelfile.kernels.kernel_of`.

    Raises :class:`~edge.errors.ModelError` with one line that names the first fault.
    """
    tensors = len(stored)
    inputs, outputs = _indices(graph, 1), _indices(graph, 2)
    if not _are_within(inputs + outputs, 0, tensors):
        raise ModelError("an input or output of a graph is a tensor that is not there; the model file is damaged")
    ready = {index for index, is_stored in enumerate(stored) if is_stored}
    if not ready.isdisjoint(inputs):
        raise ModelError("an input of the model is a constant; the model file is damaged")
    ready.update(inputs, (_OPTIONAL,))
    computed: set[int] = set()  # tensors whose shape another tensor gives: Keras' dense layers on a map have them
    operators = connections = 0
    for operator in graph.tables(3):
        operators += 1
        reads, writes = _indices(operator, 1), _indices(operator, 2)
        connections += len(reads) + len(writes)
        if connections > _MAX_CONNECTIONS:
            raise _too_many()
        options = operator.table(4)
        if options is not None:
            options.check_fields()
        code = operator.integer(0, np.uint32)
        if not (code < len(kernels) and _are_within(reads, _OPTIONAL, tensors) and _are_within(writes, 0, tensors)):
            raise ModelError("an operator refers to a tensor or kernel that is not there; the file is damaged")
        if _OPTIONAL in reads[:_NEEDED] or not ready.issuperset(reads):
            raise ModelError("an operator reads a tensor that no operator before it has written; the file is damaged")
        if not ready.isdisjoint(writes) or len(set(writes)) < len(writes):
            raise ModelError("an operator writes a tensor that has its values already; the file is damaged")
        ready.update(writes)
        read = [None if index == _OPTIONAL else shapes[index] for index in reads]
        check_kernel(kernels[code], operator, read, computed=bool(reads) and reads[0] in computed)
        if kernels[code] == DEQUANTIZE and reads and stored[reads[0]]:
            _check_unpacked(shapes, reads, writes)
        if kernels[code] == RESHAPE and len(reads) > 1 and reads[1] != _OPTIONAL and not stored[reads[1]]:
            computed.update(writes)
    if operators and not ready.issuperset(outputs):
        raise ModelError("no operator writes the model's output; the model file is damaged")
    return operators


def _check_unpacked(shapes: list[tuple[int, ...]], reads: list[int], writes: list[int]) -> None:
    """XNNPACK unpacks constants before the first run, into as many values as the output has."""
    if [shapes[index] for index in writes] != [shapes[index] for index in reads]:
        raise ModelError("weights of the model are unpacked into another shape than they have; the file is damaged")


def _indices(table: Table, slot: int) -> list[int]:
    array = table.array(slot, np.int32)
    if len(array) > _MAX_CONNECTIONS:
        raise _too_many()
    indices: list[int] = array.tolist()
    return indices


def _are_within(indices: list[int], first: int, end: int) -> bool:
    return not indices or (min(indices) >= first and max(indices) < end)


def _too_many() -> ModelError:
    return ModelError(f"the model's operators have more than {_MAX_CONNECTIONS:,} inputs; the file is damaged")
