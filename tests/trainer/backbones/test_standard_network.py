"""The standard set of ``edge bench`` has the layers of the networks that are trained."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.bench.standard import points
from edge.bench.standard.network import write_network
from trainer.backbones.architectures import ALPHAS, INPUT_SIZES, Architecture
from trainer.backbones.mobilenet_v1 import convolutions


@pytest.mark.parametrize("alpha", [0.75, 0.25])
def test_kernels_and_strides_are_those_of_mobilenet_v1(alpha: float) -> None:
    """Layer by layer; behind them 1,001 classes. Read by the schema's own code."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(write_network(alpha, 160, "float32")), 0)
    graph = model.subgraphs[0]
    found, kinds = [], (schema.BuiltinOptions.Conv2DOptions, schema.BuiltinOptions.DepthwiseConv2DOptions)
    for operator in graph.operators:
        if operator.builtinOptionsType in kinds:
            shape = tuple(int(size) for size in graph.tensors[operator.inputs[1]].shape)
            found.append((shape, operator.builtinOptions.strideH))
    wanted = []
    for layer in convolutions(Architecture(alpha, 160)):
        height, width, before, after = layer.kernel
        shape = (1, height, width, before) if layer.depthwise else (after, height, width, before)
        wanted.append((shape, layer.stride))
    assert found == wanted
    assert np.array(graph.tensors[graph.outputs[0]].shape).tolist() == [1, 1001]


def test_points_are_the_grid() -> None:
    """The same widths and sizes as the trainer's."""
    assert (points.ALPHAS, points.INPUT_SIZES) == (ALPHAS, INPUT_SIZES)
    assert all(Architecture.parse(point.architecture) for point in points.POINTS)
