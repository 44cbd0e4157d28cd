"""The messages of a frozen TensorFlow graph, as far as they are read here: ``GraphDef`` without TensorFlow.

Names and numbers of the fields are those of TensorFlow's ``graph.proto``, ``node_def.proto``, ``attr_value.proto``,
``tensor.proto`` and ``tensor_shape.proto`` (Apache-2.0). Fields that are not named here are skipped.
"""

from __future__ import annotations

import functools
from typing import Any

FLOAT = 1
"""The type of a tensor of 32-bit floats."""

_PACKAGE = "edge_for_poets.graph"
_KINDS = {"text": "STRING", "bytes": "BYTES", "int": "INT64", "enum": "INT32"}

# Message -> field: (number, kind or message, many). An enumeration is read as its number.
_MESSAGES: dict[str, dict[str, tuple[int, str, bool]]] = {
    "GraphDef": {"node": (1, "NodeDef", True)},
    "NodeDef": {
        "name": (1, "text", False),
        "op": (2, "text", False),
        "input": (3, "text", True),
        "attr": (5, "AttrEntry", True),
    },
    "AttrEntry": {"key": (1, "text", False), "value": (2, "AttrValue", False)},
    "AttrValue": {"shape": (7, "TensorShapeProto", False), "tensor": (8, "TensorProto", False)},
    "TensorProto": {
        "dtype": (1, "enum", False),
        "tensor_shape": (2, "TensorShapeProto", False),
        "tensor_content": (4, "bytes", False),
    },
    "TensorShapeProto": {"dim": (2, "Dim", True)},
    "Dim": {"size": (1, "int", False)},
}


@functools.cache
def graph_class() -> Any:
    """The class of the message ``GraphDef``; ``attr`` of a node is a list of entries with ``key`` and ``value``."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, many) in fields.items():
            made = message.field.add(
                name=field, number=number, label=kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL
            )
            if kind in _KINDS:
                made.type = getattr(kinds, f"TYPE_{_KINDS[kind]}")
            else:
                made.type, made.type_name = kinds.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.GraphDef"))
