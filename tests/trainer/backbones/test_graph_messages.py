"""Frozen graphs are read without TensorFlow's classes: the same fields as with them."""

from __future__ import annotations

import numpy as np
from tensorboard.compat.proto import graph_pb2

from trainer.backbones.graph_messages import FLOAT, graph_class


def test_a_graph_reads_as_with_tensorflows_own_classes() -> None:
    """Names, inputs, and the type, shape and bytes of a constant; other attributes are skipped."""
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    graph = graph_pb2.GraphDef()
    graph.node.add(name="image", op="Placeholder").attr["dtype"].type = 1
    constant = graph.node.add(name="weights", op="Const", input=["image", "^other"])
    constant.attr["dtype"].type = 1
    tensor = constant.attr["value"].tensor
    tensor.dtype, tensor.tensor_content = 1, values.tobytes()
    for size in values.shape:
        tensor.tensor_shape.dim.add(size=size)
    read = graph_class()()
    read.ParseFromString(graph.SerializeToString())
    assert [(node.name, node.op, list(node.input)) for node in read.node] == [
        ("image", "Placeholder", []),
        ("weights", "Const", ["image", "^other"]),
    ]
    (entry,) = [entry for entry in read.node[1].attr if entry.key == "value"]
    found = entry.value.tensor
    assert found.dtype == FLOAT
    assert [dimension.size for dimension in found.tensor_shape.dim] == [2, 3]
    assert found.tensor_content == values.tobytes()
