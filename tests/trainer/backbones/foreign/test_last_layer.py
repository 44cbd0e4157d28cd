"""The weights of the layer that is cut off a network of another project, as floats."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from support.toy_networks import NONE, ToyNetwork, embedder
from trainer.backbones.foreign.last_layer import read_labels, read_last_layer
from trainer.tflite import read_model, write_model


def meant(network: ToyNetwork, layer: int) -> np.ndarray:
    """What the weights of the operator ``layer`` were made of, (outputs, inputs), to half a step."""
    tensor = network.graph.tensors[network.graph.operators[layer].inputs[1]]
    dtype = {0: "<f4", 3: "<u1", 9: "<i1"}[tensor.type]
    data = np.asarray(network.model.buffers[tensor.buffer].data, np.uint8).tobytes()
    values = np.frombuffer(data, dtype).astype(np.float64).reshape(tensor.shape[0], -1)
    if dtype == "<f4":
        return values
    return (values - tensor.quantization.zeroPoint[0]) * tensor.quantization.scale[0]


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8"])
@pytest.mark.parametrize("layer", ["fully connected", "convolution"])
def test_weights_are_dequantized(kind: str, layer: str) -> None:
    """In all three types, of a fully connected layer and of a 1x1 convolution."""
    network = embedder(kind)
    place = len(network.graph.operators)
    network = network.dense(7) if layer == "fully connected" else network.convolve(7, NONE).row()
    found = read_last_layer(network.softmax().content())
    assert found is not None and found.dtype == np.float32 and found.shape == (7, 16)
    assert np.allclose(found, meant(network, place), atol=1e-6)
    assert 0.2 < np.abs(found).max() < 3


def test_each_output_has_its_own_scale() -> None:
    """As in files of today's converter: the scale of an output multiplies its row."""
    network = embedder("int8").dense(7).softmax()
    one = read_last_layer(network.content())
    tree = read_model(network.content())
    (graph,) = tree.subgraphs
    layer = next(
        each for each in graph.operators if len(each.inputs) == 3 and graph.tensors[each.outputs[0]].shape[-1] == 7
    )
    quantization = graph.tensors[layer.inputs[1]].quantization
    factors = np.arange(1, 8, dtype=np.float32)
    quantization.scale, quantization.zeroPoint = quantization.scale[0] * factors, np.zeros(7, np.int64)
    many = read_last_layer(write_model(tree))
    assert one is not None and many is not None
    assert np.allclose(many, one * factors[:, np.newaxis], rtol=1e-6)


def test_half_floats_are_made_floats() -> None:
    """Weights of float16 stand before a DEQUANTIZE."""
    network = embedder().dense(7).softmax()
    floats = read_last_layer(network.content())
    tree = read_model(network.content())
    (graph,) = tree.subgraphs
    layer = next(
        each for each in graph.operators if len(each.inputs) == 3 and graph.tensors[each.outputs[0]].shape[-1] == 7
    )
    index = int(layer.inputs[1])
    stored = schema.TensorT()
    stored.name, stored.shape, stored.type = b"half", graph.tensors[index].shape, schema.TensorType.FLOAT16
    assert floats is not None
    tree.buffers[graph.tensors[index].buffer].data = np.frombuffer(floats.astype("<f2").tobytes(), np.uint8)
    stored.buffer, graph.tensors[index].buffer = graph.tensors[index].buffer, 0
    graph.tensors.append(stored)
    code, making = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = 3
    tree.operatorCodes.append(code)
    making.opcodeIndex = len(tree.operatorCodes) - 1
    making.inputs = np.array([len(graph.tensors) - 1], np.int32)
    making.outputs = np.array([index], np.int32)
    graph.operators.insert(0, making)
    found = read_last_layer(write_model(tree))
    assert found is not None and np.array_equal(found, floats.astype(np.float16).astype(np.float32))


def test_embedder_has_none() -> None:
    """A network that is used whole has no layer that was cut off."""
    assert read_last_layer(embedder().content()) is None


def test_labels_only_where_there_are_some() -> None:
    """A toy has none: no error."""
    content = embedder().dense(7).softmax().content()
    assert read_labels(content) == ()
    assert math.prod(np.shape(read_last_layer(content))) == 7 * 16
