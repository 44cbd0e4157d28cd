"""The limits of the structural check: what a small file may make it read."""

from __future__ import annotations

import struct

import pytest

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.structure import IDENTIFIER, examine
from support import surgery
from support.surgery import QUANTIZATION, SCALE, SHAPE, Patient

TINY = surgery.tiny("int8")


def _behind(patient: Patient, table: Table, slot: int, addition: bytes) -> bytes:
    """The flatbuffer of ``patient`` with ``addition`` behind it, to which ``slot`` of ``table`` refers."""
    content = patient.content[: len(patient.content) // 4 * 4]
    field = table._field(slot)
    assert field is not None
    patient.write(field, "I", len(content) - field)
    return patient.content[: len(content)] + addition


def _table(slot: int, distance: int, *, slots: int = 8) -> bytes:
    """A vtable of ``slots`` and a table after it, whose ``slot`` refers to what begins ``distance`` bytes after it."""
    vtable = struct.pack("<HH", 4 + 2 * slots, 8) + b"".join(
        struct.pack("<H", 4 if index == slot else 0) for index in range(slots)
    )
    return vtable + struct.pack("<iI", len(vtable), 4 + distance)


def test_shape_of_a_million_entries() -> None:
    """A shape is refused by its length, before its sizes are multiplied."""
    patient = Patient(TINY)
    million = struct.pack("<I", 1_000_000) + struct.pack("<i", 2**31 - 1) * 1_000_000
    content = _behind(patient, patient.tensor("scores"), SHAPE, million)
    with pytest.raises(ModelError, match="tensor 'scores' has 1,000,000 dimensions; the model file is damaged"):
        examine(content)


def test_tensors_that_share_a_large_table() -> None:
    """Thousands of tensors with the same million scales: what is read in all is limited."""
    patient, tensors, scales = Patient(TINY), 30_000, 1_000_000
    table = _table(QUANTIZATION, 0)
    shared = _table(SCALE, 0) + struct.pack("<I", scales) + struct.pack("<f", 1.0) * scales
    vector = b"".join(struct.pack("<I", 4 * (tensors - index) + len(table) - 8) for index in range(tensors))
    table = _table(QUANTIZATION, len(_table(SCALE, 0)) - 8)
    content = _behind(patient, patient.graph, 0, struct.pack("<I", tensors) + vector + table + shared)
    with pytest.raises(ModelError, match="too many of its parts refer to the same large one"):
        examine(content)


def test_a_list_of_too_many_tables() -> None:
    """A list of a hundred thousand tables is refused before the first is read."""
    patient = Patient(TINY)
    content = _behind(patient, patient.graph, 0, struct.pack("<I", 100_000) + bytes(400_000))
    with pytest.raises(ModelError, match="100,000 parts in a list, more than 65,536"):
        examine(content)


def test_operators_that_share_many_inputs() -> None:
    """The inputs of all operators have a limit together, even if each is a tensor that is there."""
    patient, operators = Patient(TINY), 5000
    inputs = struct.pack("<I", 1000) + bytes(4000)
    table = _table(1, 0)
    vector = b"".join(struct.pack("<I", 4 * (operators - index) + len(table) - 8) for index in range(operators))
    content = _behind(patient, patient.graph, 3, struct.pack("<I", operators) + vector + table + inputs)
    content += bytes(4_000_000)
    with pytest.raises(ModelError, match="operators have more than 1,000,000 inputs"):
        examine(content)


def test_long_names_are_cut() -> None:
    """A name is read to 1,000 bytes: thousands of tensors may share one of megabytes."""
    patient = Patient(TINY)
    content = _behind(patient, patient.tensor("scores"), 3, struct.pack("<I", 4_000_000) + b"n" * 4_000_000)
    assert examine(content).output.name == "n" * 1000


def test_many_graphs_beside_many_buffers() -> None:
    """A file of 60,000 graphs and 60,000 buffers is read in the time of their sum, not of their product."""
    assert examine(_with_empty_tables(2, 4, count=60_000)).input == examine(TINY).input


def _with_empty_tables(*slots: int, count: int) -> bytes:
    """The tiny model with a new root, whose lists in ``slots`` have ``count`` more tables: one that has no fields.

    References only go forward, so all that is new comes first. Places are counted from the end, which stays the same.
    """
    old = Table.root(TINY, IDENTIFIER)
    places = {slot: len(TINY) - place for slot in (1, 2, 4, 6, 7) if (place := old._follow(slot)) is not None}
    content = struct.pack("<HHi", 4, 4, 4) + TINY[8:]
    empty = len(content) - 4
    for slot in slots:
        tables = [len(TINY) - table._position for table in old.tables(slot)] + [empty] * count
        content = _references(len(content), tables) + content
        content = struct.pack("<I", len(tables)) + content
        places[slot] = len(content)
    fields = range(8)
    content = _references(len(content), [places.get(slot, 0) for slot in fields]) + content
    vtable = struct.pack("<10H", 20, 36, *(4 + 4 * slot if slot in places else 0 for slot in fields))
    return struct.pack("<I4s", 28, IDENTIFIER) + vtable + struct.pack("<i", len(vtable)) + content


def _references(behind: int, places: list[int]) -> bytes:
    """References to ``places``, which end ``behind`` bytes before the end of the file."""
    first = behind + 4 * len(places)
    return struct.pack(f"<{len(places)}I", *(first - 4 * index - place for index, place in enumerate(places)))
