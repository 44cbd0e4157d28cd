"""How a network of another project computes, in the words that our files have."""

from __future__ import annotations

from typing import Any

from ai_edge_litert import schema_py_generated as schema

_EIGHT_BITS = (schema.TensorType.UINT8, schema.TensorType.INT8, schema.TensorType.INT4)


def arithmetic(tree: Any, judged: int) -> str:
    """The quantization of ``tree``, by the types of the tensor ``judged`` and of its weights.

    Of a backbone the bottleneck is judged, because the head computes as it does; of a whole model its input, because
    readers must know how it takes pixels. So one network may be ``int8`` as a model and ``dynamic`` as a backbone.

    - ``int8``: the tensor has 8 bits.
    - ``dynamic``: it has not, and there are 8-bit weights.
    - ``float16``: there are float16 weights, and none of 8 bits.
    - ``float32``: all others.
    """
    graph = tree.subgraphs[0]
    if graph.tensors[judged].type in _EIGHT_BITS:
        return "int8"
    constants = {tensor.type for tensor in graph.tensors if tree.buffers[tensor.buffer].data is not None}
    if constants.intersection(_EIGHT_BITS):
        return "dynamic"
    return "float16" if schema.TensorType.FLOAT16 in constants else "float32"
