"""A graph like those of the codelab: MobileNet with random weights, and two linear layers at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto import graph_pb2

from trainer.backbones.architectures import BLOCKS, Architecture
from trainer.backbones.mobilenet_v1 import convolutions
from trainer.backbones.read_layers import random_layers

CLASSES = 1001
"""The outputs of the ImageNet classifier."""

_SCOPE = "MobilenetV1/"


class CodelabGraph:
    """``graph`` is the message; ``weights`` and ``biases`` are those of both layers at the end, the last one last."""

    def __init__(self, architecture: Architecture, labels: int, scope: str = "final_training_ops") -> None:
        random = np.random.default_rng(5)
        self.graph: Any = graph_pb2.GraphDef()
        bottleneck = int(1024 * architecture.alpha)
        shapes = ((bottleneck, CLASSES), (CLASSES, labels))
        self.weights = [random.normal(0, 1 / np.sqrt(inputs), (inputs, own)).astype("<f4") for inputs, own in shapes]
        self.biases = [random.normal(0, 1, own).astype("<f4") for _, own in shapes]
        image = self.graph.node.add(name="input", op="Placeholder")
        for size in (1, architecture.input_size, architecture.input_size, 3):
            image.attr["shape"].shape.dim.add(size=size)
        self._add_layers(architecture)
        self.add("pool", "AvgPool", "input")
        self.constant("logits/weights", self.weights[0].reshape(1, 1, *shapes[0]))
        self.constant("logits/biases", self.biases[0])
        self.add("logits/read", "Identity", "logits/weights")
        self.add("logits/convolution", "Conv2D", "pool", "logits/read")
        self.add("logits/add", "BiasAdd", "logits/convolution", "logits/biases")
        self.add("squeeze", "Squeeze", "logits/add")
        self.add("placeholder", "PlaceholderWithDefault", "squeeze")
        self.constant(f"{scope}/weights", self.weights[1])
        self.constant(f"{scope}/biases", self.biases[1])
        self.add(f"{scope}/matmul", "MatMul", "placeholder", f"{scope}/weights")
        self.add(f"{scope}/add", "Add", f"{scope}/matmul", f"{scope}/biases")
        self.add("final_result", "Softmax", f"{scope}/add")

    def _add_layers(self, architecture: Architecture) -> None:
        scopes = ["Conv2d_0"]
        for block in range(1, BLOCKS + 1):
            scopes += [f"Conv2d_{block}_depthwise", f"Conv2d_{block}_pointwise"]
        layers = random_layers(architecture)
        for scope, layer in zip(scopes, convolutions(architecture), strict=True):
            kernel, bias = layers[layer.name]
            ones = np.ones_like(bias)
            kind = "depthwise_weights" if layer.depthwise else "weights"
            self.constant(f"{_SCOPE}{scope}/{kind}", kernel)
            parts = {"gamma": ones, "beta": bias, "moving_mean": 0 * ones, "moving_variance": (1 - 1e-3) * ones}
            for part, values in parts.items():
                self.constant(f"{_SCOPE}{scope}/BatchNorm/{part}", values)

    def add(self, name: str, op: str, *inputs: str) -> Any:
        """A node."""
        return self.graph.node.add(name=name, op=op, input=inputs)

    def constant(self, name: str, values: np.ndarray) -> None:
        """A constant of 32-bit floats."""
        tensor = self.add(name, "Const").attr["value"].tensor
        tensor.dtype, tensor.tensor_content = 1, values.astype("<f4").tobytes()
        for size in values.shape:
            tensor.tensor_shape.dim.add(size=size)

    def node(self, name: str) -> Any:
        """The node of this name."""
        return next(node for node in self.graph.node if node.name == name)

    def write(self, path: Path) -> Path:
        """Write it to ``path``."""
        path.write_bytes(self.graph.SerializeToString())
        return path
