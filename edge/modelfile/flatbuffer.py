"""Reading flatbuffers that may be damaged: every offset is checked before it is used.

Only what the TFLite schema needs: tables, scalars, strings, vectors. The format is described in the
FlatBuffers "Internals" document: little-endian, a table begins with a signed offset back to its vtable,
the vtable's entry for slot ``n`` lies at byte ``4 + 2 n`` and is 0 if the field has its default value.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import ModelError

_U16, _I32, _U32 = (struct.Struct(form).unpack_from for form in ("<H", "<i", "<I"))
_INTEGERS = {
    np.int8: struct.Struct("<b").unpack_from,
    np.uint8: struct.Struct("<B").unpack_from,
    np.int32: _I32,
    np.uint32: _U32,
    np.uint64: struct.Struct("<Q").unpack_from,
}


MAX_TABLES = 65_536
"""The most tables in one vector; an image classifier has some hundreds of tensors and operators."""

MAX_TEXT_BYTES = 1000
"""A string is cut at this length, in bytes: names are read for messages, and many tables may share a long one."""

_READ_AGAIN = 4  # how often all bytes of a flatbuffer may be read, since tables may share what they refer to
_ALWAYS_READ = 1 << 20


class _Budget:
    """How many entries of vectors may still be read from one flatbuffer."""

    __slots__ = ("left",)

    def __init__(self, content: bytes) -> None:
        self.left = _READ_AGAIN * len(content) + _ALWAYS_READ

    def take(self, entries: int) -> None:
        self.left -= entries
        if self.left < 0:
            raise ModelError("the model file is damaged: too many of its parts refer to the same large one")


def _unpack(content: bytes, form: Callable[[bytes, int], tuple[int]], position: int) -> int:
    try:
        return form(content, position)[0] if position >= 0 else _outside()
    except struct.error:
        return _outside()


def _outside() -> int:
    raise ModelError("the model file is damaged: an offset points outside it; copy the file again")


class Table:
    """One table of a flatbuffer held in ``content``, starting at byte ``position``."""

    __slots__ = ("_budget", "_content", "_position", "_vtable", "_vtable_size")

    def __init__(self, content: bytes, position: int, budget: _Budget | None = None) -> None:
        """``budget`` is that of the table that refers to this one; all tables of a flatbuffer share it.

        Raises :class:`~edge.errors.ModelError` if the table or its vtable lies outside ``content``.
        """
        self._content = content
        self._budget = _Budget(content) if budget is None else budget
        self._position = position
        self._vtable = position - _unpack(content, _I32, position)
        self._vtable_size = _unpack(content, _U16, self._vtable)
        end = position + _unpack(content, _U16, self._vtable + 2)
        if self._vtable_size < 4 or max(self._vtable + self._vtable_size, end) > len(content):
            _outside()

    @classmethod
    def root(cls, content: bytes, identifier: bytes) -> Table:
        """The root table, after checking the four-byte file ``identifier`` (``b"TFL3"`` for a model).

        Raises :class:`~edge.errors.ModelError` if the identifier differs or the buffer is too short.
        """
        if len(content) < 8 or content[4:8] != identifier:
            raise ModelError(f"not a flatbuffer of type {identifier.decode('ascii')}")
        return cls(content, _unpack(content, _U32, 0))

    def _field(self, slot: int) -> int | None:
        entry = 4 + 2 * slot
        if entry + 2 > self._vtable_size:
            return None
        offset = _unpack(self._content, _U16, self._vtable + entry)
        return self._position + offset if offset else None

    def _follow(self, slot: int) -> int | None:
        field = self._field(slot)
        return None if field is None else field + _unpack(self._content, _U32, field)

    def check_fields(self) -> None:
        """Raise :class:`~edge.errors.ModelError` if a field lies outside the table: for tables of any type."""
        size = _unpack(self._content, _U16, self._vtable + 2)
        for entry in range(4, self._vtable_size - 1, 2):
            if _unpack(self._content, _U16, self._vtable + entry) >= size:
                _outside()

    def integer(self, slot: int, kind: type[np.integer[Any]], default: int = 0) -> int:
        """The integer of numpy type ``kind`` in ``slot``."""
        field = self._field(slot)
        return default if field is None else _unpack(self._content, _INTEGERS[kind], field)

    def table(self, slot: int) -> Table | None:
        """The table that ``slot`` refers to, or None if the field is absent."""
        position = self._follow(slot)
        return None if position is None else Table(self._content, position, self._budget)

    def _vector(self, slot: int, item_bytes: int) -> tuple[int, int] | None:
        position = self._follow(slot)
        if position is None:
            return None
        count = _unpack(self._content, _U32, position)
        if position + 4 + count * item_bytes > len(self._content):
            _outside()
        return position + 4, count

    def vector_position(self, slot: int) -> int | None:
        """The byte at which the vector in ``slot`` begins, with its length; None if the field is absent."""
        return self._follow(slot)

    def array(self, slot: int, kind: type[np.generic]) -> npt.NDArray[np.generic]:
        """The vector of scalars in ``slot`` as a read-only array of dtype ``kind``, empty if absent."""
        vector = self._vector(slot, np.dtype(kind).itemsize)
        if vector is None:
            return np.empty(0, kind)
        self._budget.take(vector[1])
        return np.frombuffer(self._content, np.dtype(kind).newbyteorder("<"), vector[1], vector[0])

    def size(self, slot: int) -> int:
        """How many one-byte items the vector in ``slot`` has; 0 if it is absent."""
        vector = self._vector(slot, 1)
        return 0 if vector is None else vector[1]

    def tables(self, slot: int) -> Iterator[Table]:
        """The vector of tables in ``slot``, one by one.

        Raises :class:`~edge.errors.ModelError` if they are more than :data:`MAX_TABLES`.
        """
        vector = self._vector(slot, 4)
        if vector is not None:
            if vector[1] > MAX_TABLES:
                raise ModelError(f"the model file is damaged: {vector[1]:,} parts in a list, more than {MAX_TABLES:,}")
            self._budget.take(vector[1])
            for position in range(vector[0], vector[0] + 4 * vector[1], 4):
                yield Table(self._content, position + _unpack(self._content, _U32, position), self._budget)

    def bytes(self, slot: int) -> bytes:
        """The vector of bytes in ``slot``, empty if absent."""
        vector = self._vector(slot, 1)
        if vector is None:
            return b""
        self._budget.take(vector[1])
        return self._content[vector[0] : vector[0] + vector[1]]

    def text(self, slot: int) -> str:
        """The UTF-8 string in ``slot``, empty if absent; no more than :data:`MAX_TEXT_BYTES` of it."""
        vector = self._vector(slot, 1)
        if vector is None:
            return ""
        return self._content[vector[0] : vector[0] + min(vector[1], MAX_TEXT_BYTES)].decode("utf-8", "replace")
