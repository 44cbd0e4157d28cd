"""Bias correction: the int8 backbone computes, on average, what the float backbone computes."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.inference.interpreter import ImageInterpreter
from edge.preprocess import preprocess
from trainer.backbones.backbone import as_model
from trainer.backbones.bias_correction import correct_biases
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.retraining.retrained import Retrained
from trainer.tflite import read_model, write_model

pytestmark = pytest.mark.xdist_group("tensorflow")


def pictures(seed: int) -> list[np.ndarray]:
    """Five drawn flowers in the network's size."""
    return [preprocess(draw_flower(kind, seed, 160), (128, 128)) for kind in KINDS]


def mean_features(content: bytes, seed: int) -> np.ndarray:
    """The mean feature vector over five flowers."""
    interpreter = ImageInterpreter(as_model(content), runtime="litert")
    return np.mean([interpreter.scores(picture) for picture in pictures(seed)], axis=0)


def shifted(content: bytes) -> bytes:
    """The network with 0.3 added to every bias of its last convolution, as a bad rounding might do."""
    model = read_model(content)
    graph = model.subgraphs[0]
    codes = [model.operatorCodes[operator.opcodeIndex].builtinCode for operator in graph.operators]
    last = max(i for i, code in enumerate(codes) if code == schema.BuiltinOperator.CONV_2D)
    tensor = graph.tensors[int(graph.operators[last].inputs[2])]
    buffer = model.buffers[tensor.buffer]
    bias = np.frombuffer(np.asarray(buffer.data, np.uint8).tobytes(), "<i4")
    moved = np.rint(bias + 0.3 / tensor.quantization.scale).astype("<i4")
    buffer.data = np.frombuffer(moved.tobytes(), np.uint8)
    return write_model(model)


def test_shift_of_a_layer_is_found_and_taken_out(trained: dict[str, Retrained]) -> None:
    """A network whose last layer was shifted comes back to the float network's means, on other pictures too."""
    float32, int8 = (trained[quantization].backbone.model.content for quantization in ("float32", "int8"))
    damaged = shifted(int8)
    corrected = correct_biases(damaged, float32, pictures(1))
    for seed, share in ((1, 0.5), (2, 0.9)):
        wanted = mean_features(float32, seed)
        errors = [np.abs(mean_features(content, seed) - wanted).mean() for content in (damaged, corrected)]
        assert errors[1] < share * errors[0], seed


def test_correction_is_deterministic_and_changes_biases_only(trained: dict[str, Retrained]) -> None:
    """Two corrections give the same bytes, and every tensor but the int32 biases is left alone."""
    float32, int8 = (trained[quantization].backbone.model.content for quantization in ("float32", "int8"))
    first, second = (correct_biases(shifted(int8), float32, pictures(1)[:2]) for _ in range(2))
    assert first == second
    before, after = read_model(int8), read_model(first)
    changed = set()
    for old, new in zip(before.subgraphs[0].tensors, after.subgraphs[0].tensors, strict=True):
        data = [m.buffers[t.buffer].data for m, t in ((before, old), (after, new))]
        if data[0] is not None and bytes(data[0]) != bytes(data[1]):
            changed.add(old.type)
    assert changed == {schema.TensorType.INT32}
