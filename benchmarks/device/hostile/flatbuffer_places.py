"""Where the fields of a model's flatbuffer are, by the public schema ``tensorflow/lite/schema/schema.fbs``."""

from __future__ import annotations

from typing import Any

from edge.modelfile.flatbuffer import Table
from edge.modelfile.structure import IDENTIFIER

# Slot -> the scalar in it, "[x]" for a vector of scalars, a name for a table, "[name]" for a vector of tables.
_SCHEMA: dict[str, dict[int, str]] = {
    "model": {0: "I", 1: "[code]", 2: "[graph]", 4: "[buffer]", 6: "[metadata]", 7: "[signature]"},
    "code": {0: "B", 2: "i", 3: "i"},
    "graph": {0: "[tensor]", 1: "[i]", 2: "[i]", 3: "[operator]"},
    "tensor": {0: "[i]", 1: "B", 2: "I", 3: "[B]", 4: "quantization", 5: "B", 7: "[i]", 8: "B"},
    "quantization": {0: "[f]", 1: "[f]", 2: "[f]", 3: "[q]", 6: "i"},
    "operator": {0: "I", 1: "[i]", 2: "[i]", 3: "B", 4: "options"},
    "options": dict.fromkeys(range(8), "B"),
    "buffer": {0: "[B]", 1: "Q", 2: "Q"},
    "metadata": {0: "[B]", 1: "I"},
    "signature": {0: "[map]", 1: "[map]", 2: "[B]", 4: "I"},
    "map": {0: "[B]", 1: "I"},
}
_MOST_ITEMS = 6  # of one vector


def places(flatbuffer: bytes) -> list[tuple[int, str]]:
    """The byte and the form, as in :mod:`struct`, of all fields in ``flatbuffer``: scalars, offsets, lengths, items."""
    found: set[tuple[int, str]] = {(0, "I")}
    root: Any = Table.root(flatbuffer, IDENTIFIER)
    _add("model", root, found)
    return sorted(found)


def _add(kind: str, table: Any, found: set[tuple[int, str]]) -> None:
    found |= {(table._position, "i"), (table._vtable, "H"), (table._vtable + 2, "H")}
    for slot, what in _SCHEMA[kind].items():
        field = table._field(slot)
        if field is None:
            continue
        found.add((table._vtable + 4 + 2 * slot, "H"))
        if kind == "options":  # numbers of one byte or four, whatever operator they belong to
            found |= {(field, "B"), (field, "i")}
            continue
        if what in "BIQ" or what == "i":
            found.add((field, "q" if what == "Q" else what))
            continue
        found.add((field, "I"))
        if what in _SCHEMA:
            _add(what, table.table(slot), found)
            continue
        start, inner = table._follow(slot), what[1:-1]
        found.add((start, "I"))
        if inner in _SCHEMA:
            found |= {(start + 4 + 4 * index, "I") for index in range(_MOST_ITEMS)}
            for item in table.tables(slot):
                _add(inner, item, found)
        else:
            size, count = {"B": 1, "q": 8}.get(inner, 4), int.from_bytes(table._content[start : start + 4], "little")
            found |= {(start + 4 + size * index, inner) for index in range(min(count, _MOST_ITEMS))}
