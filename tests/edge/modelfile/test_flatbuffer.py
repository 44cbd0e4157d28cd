"""The flatbuffer reader, above all on bytes that are none."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from support import surgery

TINY = surgery.tiny("int8")


def _read_everything(table: Table, depth: int = 3) -> None:
    """Read each slot in each way, and the tables below; only a ModelError may come of it."""
    for slot in range(8):
        for read in (
            lambda slot=slot: [
                table.integer(slot, kind) for kind in (np.int8, np.uint8, np.int32, np.uint32, np.uint64)
            ],
            lambda slot=slot: table.array(slot, np.float32).tolist(),
            lambda slot=slot: table.array(slot, np.int64).tolist(),
            lambda slot=slot: table.size(slot),
            lambda slot=slot: table.text(slot),
        ):
            with contextlib.suppress(ModelError):
                read()
        if depth:
            try:
                below = table.table(slot)
                if below is not None:
                    _read_everything(below, 0)
                for _, child in zip(range(4), table.tables(slot), strict=False):
                    _read_everything(child, depth - 1 if depth < 3 else 1)
            except ModelError:
                pass


def test_reads_a_real_model() -> None:
    """Scalars, strings, vectors and tables of the tiny model come out as they were written."""
    model = Table.root(TINY, b"TFL3")
    graph = next(model.tables(2))
    tensors = list(graph.tables(0))
    assert model.integer(0, np.uint32) == 3
    assert model.text(3) == "tiny"
    assert [tensor.text(3) for tensor in tensors][:3] == ["image", "pixels", "cells"]
    assert tensors[0].array(0, np.int32).tolist() == [1, 32, 32, 3]
    assert graph.array(1, np.int32).tolist() == [0]
    quantization = tensors[0].table(4)
    assert quantization is not None
    assert quantization.array(3, np.int64).tolist() == [127]


def test_absent_fields_have_their_default() -> None:
    """A slot beyond the vtable, or one that is 0 in it, reads as the default, as nothing, or as empty."""
    model = Table.root(TINY, b"TFL3")
    assert model.integer(40, np.int32, default=7) == 7
    assert model.table(40) is None
    assert model.array(40, np.float32).shape == (0,)
    assert model.array(40, np.float32).dtype == np.float32
    assert (model.size(40), model.bytes(40), model.text(40), list(model.tables(40))) == (0, b"", "", [])


def test_arrays_are_read_only() -> None:
    """What was checked cannot be changed afterwards."""
    graph = next(Table.root(TINY, b"TFL3").tables(2))
    with pytest.raises(ValueError, match="read-only"):
        graph.array(1, np.int32)[0] = 5


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x08\x00\x00\x00TFL", b"\x08\x00\x00\x00TFL4" + bytes(60)])
def test_other_files_are_refused(content: bytes) -> None:
    """A file that is too short or has another identifier is no flatbuffer of this type."""
    with pytest.raises(ModelError, match="not a flatbuffer of type TFL3"):
        Table.root(content, b"TFL3")


@pytest.mark.parametrize("offset", [0xFFFFFFFF, 0x7FFFFFFF, 1000])
def test_offsets_out_of_the_file(offset: int) -> None:
    """An offset that points outside is named as damage."""
    with pytest.raises(ModelError, match="an offset points outside"):
        Table.root(struct.pack("<I4s", offset, b"TFL3") + bytes(100), b"TFL3")


def test_vtable_before_the_file() -> None:
    """A vtable before the first byte is not read from the end, as a negative index would."""
    content = struct.pack("<I4si", 8, b"TFL3", 1000) + bytes(2000)
    with pytest.raises(ModelError, match="an offset points outside"):
        Table.root(content, b"TFL3")


def test_vector_longer_than_the_file() -> None:
    """The length of a vector is not believed."""
    patient = surgery.Patient(TINY)
    patient.set_length(patient.graph, 1, 0x40000000)
    with pytest.raises(ModelError, match="an offset points outside"):
        patient.graph.array(1, np.int32)


@given(st.binary(max_size=400))
@example(b"")
def test_arbitrary_bytes(tail: bytes) -> None:
    """Whatever follows the identifier, only a ModelError is ever raised."""
    try:
        table = Table.root(tail[:4].ljust(4, b"\0") + b"TFL3" + tail[4:], b"TFL3")
    except ModelError:
        return
    _read_everything(table)


@given(st.lists(st.tuples(st.integers(8, 2500), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_model(changes: list[tuple[int, int]]) -> None:
    """A real model with some bytes changed is read or refused, never anything else."""
    content = bytearray(TINY)
    for position, value in changes:
        content[position] = value
    try:
        table = Table.root(bytes(content), b"TFL3")
    except ModelError:
        return
    _read_everything(table)
