"""The messages of a frozen TensorFlow graph, as far as they are read here: ``GraphDef`` without TensorFlow.

Names and numbers of the fields are those of TensorFlow's ``graph.proto``, ``node_def.proto``, ``attr_value.proto``,
``tensor.proto`` and ``tensor_shape.proto`` (Apache-2.0). Fields that are not named here are skipped.
"""

from __future__ import annotations

import functools
from typing import Any

from edge.errors import DataError

FLOAT = 1
"""The type of a tensor of 32-bit floats."""

_MOST_FIELDS = 300_000  # a MobileNet of the codelab has 9,000
_VARINT, _BYTES = 0, 2  # how a field is stored
_SIZES = {1: 8, 5: 4}  # of the fields with numbers of a fixed size, in bytes

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


def check_fields(content: bytes) -> None:
    """Check that the message ``GraphDef`` in ``content`` has no more parts than a network has.

    The parser makes an object of each, and an empty one has two bytes in the file and fifty times as many in memory.
    What is no message at all is left to the parser.

    Raises :class:`~edge.errors.DataError` if it has more.
    """
    count = 0
    pending = [("GraphDef", 0, len(content))]
    while pending:
        message, place, end = pending.pop()
        kinds = {number: kind for number, kind, _ in _MESSAGES[message].values()}
        while place < end:
            count += 1
            if count > _MOST_FIELDS:
                raise DataError("it has more parts than the graph of any network that is known")
            tag, place = _number(content, place)
            size = _SIZES.get(tag & 7, 0)
            if tag & 7 == _VARINT:
                _, place = _number(content, place)
            elif tag & 7 == _BYTES:
                size, place = _number(content, place)
                kind = kinds.get(tag >> 3)
                if kind in _MESSAGES:
                    pending.append((kind, place, min(place + size, end)))
            elif not size:
                return  # a damaged one
            place += size


def _number(content: bytes, place: int) -> tuple[int, int]:
    """The number at ``place``, seven bits in each byte, the lowest first, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = content[place] if place < len(content) else 0
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, place
