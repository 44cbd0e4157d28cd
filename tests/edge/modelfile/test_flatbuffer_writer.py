"""What is written is what the reader of model files finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.modelfile.flatbuffer import Table
from edge.modelfile.flatbuffer_writer import Data, Node, Scalar, vector, write_flatbuffer


def test_a_table_is_read_as_it_was_written() -> None:
    """Numbers, text, vectors, tables and the defaults of what was left out."""
    node: Node = {
        0: Scalar("<I", 3),
        2: "rose",
        3: [{0: Scalar("<b", -5)}, {}],
        4: {1: Scalar("<i", -70_000)},
        6: vector([1, -2, 3], "<i8"),
    }
    table = Table.root(write_flatbuffer(node, b"TEST"), b"TEST")
    assert table.integer(0, np.uint32) == 3
    assert table.integer(1, np.int32, default=7) == 7
    assert table.text(2) == "rose"
    assert [child.integer(0, np.int8) for child in table.tables(3)] == [-5, 0]
    child = table.table(4)
    assert child is not None and child.integer(1, np.int32) == -70_000
    assert table.array(6, np.int64).tolist() == [1, -2, 3]
    assert table.table(5) is None


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=40), max_size=6), st.text(max_size=5))
def test_data_lies_where_it_must(contents: list[bytes], name: str) -> None:
    """Whatever stands before it, a vector begins at a multiple of its alignment, and holds its bytes."""
    buffers: list[Node] = [{0: Data(np.frombuffer(each, np.uint8), 16)} for each in contents]
    content = write_flatbuffer({0: name, 1: buffers}, b"TEST")
    for table, each in zip(Table.root(content, b"TEST").tables(1), contents, strict=True):
        position = table.vector_position(0)
        assert position is not None and (position + 4) % 16 == 0
        assert table.bytes(0) == each
