"""Writing flatbuffers: plain Python values become the bytes that :mod:`edge.modelfile.flatbuffer` reads.

A table is a mapping from slots to values, and what a table refers to lies behind it. The same values give the same
bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

_REFERENCE = "<I"
_REFERENCE_BYTES = 4


class Scalar(NamedTuple):
    """A number in a table: ``form`` is its format in :mod:`struct`, of at most four bytes, such as ``<i``."""

    form: str
    value: float


class Data(NamedTuple):
    """A vector of numbers, little-endian; the first of them lies at a multiple of ``alignment`` bytes."""

    numbers: npt.NDArray[Any]
    alignment: int


Node: TypeAlias = Mapping[int, "Value"]
"""A table: the value of each of its slots; a slot that is left out has the default value of the schema."""

Value: TypeAlias = "Scalar | Data | str | Node | Sequence[Node]"


def write_flatbuffer(root: Node, identifier: bytes) -> bytes:
    """The flatbuffer with the table ``root`` and the four-byte file ``identifier``."""
    content = bytearray(_REFERENCE_BYTES) + identifier
    _refer(content, 0, _add_table(content, root))
    return bytes(content)


def vector(values: Sequence[int] | Sequence[float], kind: str) -> Data:
    """``values`` as a vector of the numpy type ``kind``, such as ``<i4``, aligned to the size of one of them."""
    numbers = np.array(values, kind)
    return Data(numbers, numbers.itemsize)


def _refer(content: bytearray, field: int, target: int) -> None:
    struct.pack_into(_REFERENCE, content, field, target - field)


def _add(content: bytearray, value: Data | str | Node | Sequence[Node]) -> int:
    """Append what a field refers to; returns where it begins."""
    if isinstance(value, Mapping):
        return _add_table(content, value)
    if isinstance(value, str):
        return _add_vector(content, len(value.encode()), value.encode() + b"\0", 1)
    if isinstance(value, Data):
        return _add_vector(content, value.numbers.size, value.numbers.tobytes(), value.alignment)
    position = _add_vector(content, len(value), bytes(_REFERENCE_BYTES * len(value)), _REFERENCE_BYTES)
    for index, node in enumerate(value):
        _refer(content, position + _REFERENCE_BYTES * (1 + index), _add_table(content, node))
    return position


def _add_vector(content: bytearray, count: int, items: bytes, alignment: int) -> int:
    alignment = max(alignment, _REFERENCE_BYTES)
    _fill(content, alignment, _REFERENCE_BYTES)
    position = len(content)
    content += struct.pack(_REFERENCE, count)
    content += items
    return position


def _add_table(content: bytearray, node: Node) -> int:
    """Append a table, before it the list of where its fields lie, behind it what they refer to."""
    sizes = {slot: _field_bytes(value) for slot, value in node.items()}
    places, end = {}, _REFERENCE_BYTES
    for slot in sorted(sizes, key=lambda slot: (-sizes[slot], slot)):  # the largest first, so that all are aligned
        places[slot] = end
        end += sizes[slot]
    slots = max(node, default=-1) + 1
    entries = [places.get(slot, 0) for slot in range(slots)]
    listed = struct.pack(f"<{2 + slots}H", 2 * (2 + slots), end, *entries)
    _fill(content, _REFERENCE_BYTES, len(listed))
    content += listed
    position = len(content)
    content += bytes(end)
    struct.pack_into("<i", content, position, len(listed))
    for slot, value in node.items():
        field = position + places[slot]
        if isinstance(value, Scalar):
            struct.pack_into(value.form, content, field, value.value)
        else:
            _refer(content, field, _add(content, value))
    return position


def _field_bytes(value: Value) -> int:
    return struct.calcsize(value.form) if isinstance(value, Scalar) else _REFERENCE_BYTES


def _fill(content: bytearray, alignment: int, before: int) -> None:
    """Append zeros, so that what comes ``before`` bytes later lies at a multiple of ``alignment``."""
    content += bytes(-(len(content) + before) % alignment)
