"""How a network of another project computes, in the words that our files have."""

from __future__ import annotations

from typing import Any

from ai_edge_litert import schema_py_generated as schema

_EIGHT_BITS = (schema.TensorType.UINT8, schema.TensorType.INT8, schema.TensorType.INT4)


def arithmetic(tree: Any) -> str:
    """The quantization of the backbone ``tree``, by the type of its bottleneck and of its weights.

    - ``int8``: the bottleneck is int8, so the head is too.
    - ``dynamic``: the bottleneck is float32, and there are 8-bit weights.
    - ``float16``: there are float16 weights, and none of 8 bits.
    - ``float32``: all others.
    """
    graph = tree.subgraphs[0]
    if graph.tensors[graph.outputs[0]].type == schema.TensorType.INT8:
        return "int8"
    constants = {tensor.type for tensor in graph.tensors if tree.buffers[tensor.buffer].data is not None}
    if constants.intersection(_EIGHT_BITS):
        return "dynamic"
    return "float16" if schema.TensorType.FLOAT16 in constants else "float32"
