"""Networks as other projects make them, tiny, in floats, in uint8 as in old files, and in int8: real flatbuffers.

A network averages the picture over a grid, and goes on with 1x1 convolutions of random weights. Both interpreters run
it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from trainer.tflite import add_metadata, add_operator, add_tensor, new_model, read_model, write_model

SIZE = 32
"""The edge of the pictures."""

CELLS = 4
"""The edge of the grid."""

TYPES = {"float32": schema.TensorType.FLOAT32, "uint8": schema.TensorType.UINT8, "int8": schema.TensorType.INT8}
NONE, RELU, RELU6 = 0, 1, 3
"""Fused activations."""

_VERSIONS = {"float32": {"CONV_2D": 1, "FULLY_CONNECTED": 1, "AVERAGE_POOL_2D": 1, "SOFTMAX": 1, "RESHAPE": 1}}
_VERSIONS["uint8"] = _VERSIONS["float32"]
_VERSIONS["int8"] = {"CONV_2D": 3, "FULLY_CONNECTED": 4, "AVERAGE_POOL_2D": 2, "SOFTMAX": 2, "RESHAPE": 1}
_OTHERS = {"HARD_SWISH": 1, "L2_NORMALIZATION": 1, "LOGISTIC": 1, "MEAN": 1, "MUL": 2}
_STEP = 6 / 255


class ToyNetwork:
    """A network that grows by its methods; ``kind`` is a key of :data:`TYPES`, ``size`` is (height, width).

    Quantized tensors hold -0 to 6 in 256 steps; the input of one holds -1 to 1.
    """

    def __init__(
        self,
        kind: str = "float32",
        *,
        size: tuple[int, int] = (SIZE, SIZE),
        channels: int = 3,
        steps: tuple[float, int] | None = None,
        float_input: bool = False,
        seed: int = 0,
    ) -> None:
        """Begin with the grid; ``steps`` are scale and zero point of the input."""
        self.model, self.graph = new_model("toy")
        self.kind, self.random = kind, np.random.default_rng(seed)
        low = {"uint8": 0, "int8": -128}.get(kind, 0)
        self.zero_point = low
        shape = (1, *size, channels)
        if kind == "float32":
            self.image = self.tensor = self._tensor("input", shape, steps=(0.0, 0))
        else:
            self.tensor = self._tensor("input", shape, steps=steps or (2 / 255, low + 127))
            self.image = self.tensor
            if float_input:
                self.image = add_tensor(self.model, self.graph, "real input", shape, TYPES["float32"])
                add_operator(self.model, self.graph, "QUANTIZE", {"QUANTIZE": 1}, [self.image], self.tensor)
        pool = schema.Pool2DOptionsT()
        pool.padding = schema.Padding.VALID
        pool.strideH, pool.strideW = pool.filterHeight, pool.filterWidth = size[0] // CELLS, size[1] // CELLS
        found = self.graph.tensors[self.tensor].quantization
        steps = (float(found.scale[0]), int(found.zeroPoint[0])) if found else (0.0, 0)
        self._operator("AVERAGE_POOL_2D", [self.tensor], (1, CELLS, CELLS, channels), "Pool2D", pool, steps)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the end of the network, as it is."""
        return tuple(int(size) for size in self.graph.tensors[self.tensor].shape)

    def convolve(self, channels: int, activation: int = RELU6) -> ToyNetwork:
        """A 1x1 convolution."""
        options = schema.Conv2DOptionsT()
        options.padding, options.strideW, options.strideH = schema.Padding.SAME, 1, 1
        options.dilationWFactor = options.dilationHFactor = 1
        options.fusedActivationFunction = activation
        inputs = self._constants((channels, 1, 1, self.shape[-1]))
        return self._operator("CONV_2D", inputs, (*self.shape[:-1], channels), "Conv2D", options)

    def dense(self, outputs: int, activation: int = NONE) -> ToyNetwork:
        """A fully connected layer."""
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = activation
        inputs = self._constants((outputs, int(np.prod(self.shape))))
        return self._operator("FULLY_CONNECTED", inputs, (1, outputs), "FullyConnected", options)

    def average(self) -> ToyNetwork:
        """The average over height and width: (1, 1, 1, channels)."""
        pool = schema.Pool2DOptionsT()
        pool.padding = schema.Padding.VALID
        pool.strideH, pool.strideW = pool.filterHeight, pool.filterWidth = self.shape[1:3]
        found = self.graph.tensors[self.tensor].quantization
        steps = (float(found.scale[0]), int(found.zeroPoint[0])) if found else (0.0, 0)
        return self._operator("AVERAGE_POOL_2D", [self.tensor], (1, 1, 1, self.shape[3]), "Pool2D", pool, steps)

    def row(self) -> ToyNetwork:
        """The values as one row."""
        return self.reshaped((1, int(np.prod(self.shape))))

    def reshaped(self, shape: tuple[int, ...]) -> ToyNetwork:
        """The values in another shape."""
        options = schema.ReshapeOptionsT()
        options.newShape = np.array(shape, np.int32)
        found = self.graph.tensors[self.tensor].quantization
        steps = (float(found.scale[0]), int(found.zeroPoint[0])) if found else (0.0, 0)
        return self._operator("RESHAPE", [self.tensor], shape, "Reshape", options, steps)

    def softmax(self) -> ToyNetwork:
        """Probabilities."""
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        return self._operator("SOFTMAX", [self.tensor], self.shape, "Softmax", options, (1 / 256, self.zero_point))

    def plain(self, name: str) -> ToyNetwork:
        """An operator of one input that keeps the shape."""
        return self._operator(name, [self.tensor], self.shape)

    def square(self) -> ToyNetwork:
        """Each value times itself, at most 6 in a quantized network."""
        return self._operator("MUL", [self.tensor, self.tensor], self.shape, "Mul", schema.MulOptionsT())

    def convert(self, name: str, kind: str) -> ToyNetwork:
        """QUANTIZE or DEQUANTIZE to another type; 8-bit types keep the steps."""
        found = self.graph.tensors[self.tensor].quantization
        old, self.kind = self.kind, kind
        steps = (0.0, 0)
        if kind != "float32":
            low = {"uint8": 0, "int8": -128}
            self.zero_point = low[kind]
            steps = (float(found.scale[0]), int(found.zeroPoint[0]) + low[kind] - low[old])
        return self._operator(name, [self.tensor], self.shape, steps=steps)

    def custom(self, name: str, shape: tuple[int, ...], content: bytes = b"\1\2\3\4") -> ToyNetwork:
        """A custom operator that no interpreter has, numbered in the old field alone, as Google's compiler does."""
        made = self._tensor("custom", shape, (_STEP, self.zero_point) if self.kind != "float32" else (0.0, 0))
        operator = schema.OperatorT()
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode = 0, schema.BuiltinOperator.CUSTOM
        code.customCode, code.version = name.encode(), 1
        self.model.operatorCodes.append(code)
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = np.array([self.tensor], np.int32), np.array([made], np.int32)
        operator.customOptions = np.frombuffer(content, np.uint8)
        self.graph.operators.append(operator)
        self.tensor = made
        return self

    def content(self, *outputs: int, metadata: dict[str, bytes] | None = None) -> bytes:
        """The flatbuffer; ``outputs`` are tensors instead of the end."""
        self.graph.inputs = np.array([self.image], np.int32)
        self.graph.outputs = np.array(outputs or [self.tensor], np.int32)
        for name, buffer in (metadata or {}).items():
            add_metadata(self.model, name, buffer)
        return write_model(self.model)

    def _constants(self, shape: tuple[int, ...]) -> list[int]:
        weights = self.random.normal(0, 1.5 / np.sqrt(np.prod(shape[1:])), shape)
        bias = self.random.uniform(0.2, 0.8, shape[0])
        if self.kind == "float32":
            return [self.tensor, self._constant(weights.astype("<f4")), self._constant(bias.astype("<f4"))]
        scale = float(np.abs(weights).max() / 127)
        whole = np.rint(weights / scale).clip(-127, 127)
        middle = 0 if self.kind == "int8" else 128
        stored = (whole + middle).astype(np.int8 if self.kind == "int8" else np.uint8)
        product = float(np.float32(self.graph.tensors[self.tensor].quantization.scale[0]) * np.float32(scale))
        return [
            self.tensor,
            self._constant(stored, TYPES[self.kind], scale, middle),
            self._constant(np.rint(bias / product).astype("<i4"), schema.TensorType.INT32, product),
        ]

    def _constant(
        self, values: np.ndarray[Any, Any], of: int = TYPES["float32"], scale: float = 0.0, zero_point: int = 0
    ) -> int:
        return add_tensor(self.model, self.graph, f"{len(self.graph.tensors)}", values, of, scale, zero_point)

    def _tensor(self, name: str, shape: tuple[int, ...], steps: tuple[float, int]) -> int:
        return add_tensor(self.model, self.graph, name, shape, TYPES[self.kind], *steps)

    def _operator(
        self,
        name: str,
        inputs: list[int],
        shape: tuple[int, ...],
        options: str = "",
        values: Any = None,
        steps: tuple[float, int] | None = None,
    ) -> ToyNetwork:
        if self.kind == "float32":
            steps = (0.0, 0)
        made = self._tensor(f"{name} {len(self.graph.tensors)}", shape, steps or (_STEP, self.zero_point))
        versions = {"QUANTIZE": 1, "DEQUANTIZE": 2, **_OTHERS, **_VERSIONS[self.kind]}
        kind = getattr(schema.BuiltinOptions, f"{options}Options") if options else 0
        add_operator(self.model, self.graph, name, versions, inputs, made, kind, values)
        self.tensor = made
        return self


def classifier(kind: str = "float32", *, layer: str = "convolution", **changes: Any) -> bytes:
    """A classifier of seven classes as Google's are: 16 values, a last layer, and a softmax."""
    network = embedder(kind, **changes)
    if layer == "convolution":
        return network.convolve(7, NONE).row().softmax().content()
    return network.dense(7).softmax().content()


def embedder(kind: str = "float32", **changes: Any) -> ToyNetwork:
    """A network whose end is (1, 1, 1, 16)."""
    return ToyNetwork(kind, **changes).convolve(12).convolve(16).average()


def with_two_graphs(content: bytes) -> bytes:
    """``content`` with a copy of its graph behind it."""
    from trainer.tflite import read_model

    model = read_model(content)
    model.subgraphs = [model.subgraphs[0], model.subgraphs[0]]
    return write_model(model)


def with_outside_weights(content: bytes, overlapping: int = 0) -> bytes:
    """``content`` with its weights behind the flatbuffer, as models above 2 GB have them.

    ``overlapping`` further buffers have all bytes of the file.
    """
    import flatbuffers

    from trainer.tflite import read_model

    packed = b""
    for _ in range(2):  # where the flatbuffer ends is known after the first time
        model, outside = read_model(content), b""
        for buffer in model.buffers:
            if buffer.data is not None and len(buffer.data) > 16:
                data = np.asarray(buffer.data, np.uint8).tobytes()
                buffer.data, buffer.offset, buffer.size = None, max(len(packed), 1 << 20) + len(outside), len(data)
                outside += data
        for _ in range(overlapping):
            buffer = schema.BufferT()
            buffer.offset, buffer.size = 2, (1 << 20) - 2
            model.buffers.append(buffer)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        packed = bytes(builder.Output()).ljust(1 << 20, b"\0")
    return packed + outside


def with_half_weights(content: bytes, shape: tuple[int, ...] | None = None) -> bytes:
    """``content`` with the kernel of its first convolution in float16, as converters write it for half the size.

    A DEQUANTIZE in front of it unpacks the kernel, into a tensor that has ``shape``; None: the kernel's own.
    """
    tree = read_model(content)
    graph = tree.subgraphs[0]
    index = next(int(each.inputs[1]) for each in graph.operators if len(each.inputs) == 3)
    kernel = graph.tensors[index]
    values = tree.buffers[kernel.buffer].data.view(np.float32).reshape(kernel.shape).astype(np.float16)
    half = add_tensor(tree, graph, "half", values, schema.TensorType.FLOAT16)
    kernel.buffer, kernel.shape = 0, np.array(values.shape if shape is None else shape, np.int32)
    add_operator(tree, graph, "DEQUANTIZE", {"DEQUANTIZE": 2}, [half], index)
    graph.operators.insert(0, graph.operators.pop())
    return write_model(tree)
