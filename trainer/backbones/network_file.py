"""A network as a TFLite file, written directly from its weights: the operators that TensorFlow's converter writes.

Padding, bias and the ends at 0 and 6 are fused with the convolutions. Activations that end at 6 need no picture to know
their quantization; the ranges of others are measured. The scheme is that of TFLite's 8-bit quantization specification:
weights symmetric with one scale for each channel that comes out, biases int32 in units of input scale times weight
scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from trainer.backbones.architectures import Architecture
from trainer.backbones.network_graph import HARD_SWISH, LINEAR, RELU, RELU6, Convolution, Mean, NetworkLayer, Product
from trainer.backbones.networks import network_graph
from trainer.backbones.quantized_tensors import (
    ENDS_AT_6,
    LARGEST_WEIGHT,
    LOWEST,
    STEPS,
    Activations,
    Quantization,
    weight_scales,
)
from trainer.backbones.tuned_weights import Layers
from trainer.tflite import add_operator, add_tensor, new_model, raise_runtime, write_model

# The oldest versions with these types: int8 per channel; "hybrid", int8 weights with float activations; float16.
_VERSIONS = {
    "int8": {"QUANTIZE": 1, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "MEAN": 2, "ADD": 2, "MUL": 2, "HARD_SWISH": 1},
    "float32": {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "MEAN": 1, "ADD": 1, "MUL": 1, "HARD_SWISH": 1},
    "float16": {"DEQUANTIZE": 3, "CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "MEAN": 1, "ADD": 1, "MUL": 1, "HARD_SWISH": 1},
    "dynamic": {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "MEAN": 1, "ADD": 1, "MUL": 1, "HARD_SWISH": 1},
}
# The releases of TensorFlow Lite in which these versions came, as TensorFlow's converter notes them.
_RUNTIMES = {"int8": "1.14.0", "float32": "1.6.0", "float16": "1.15.0", "dynamic": "2.4.0"}
_HARD_SWISH_RUNTIME = "1.15.0"
_SWISH_GAIN = 6.0

_LEAST_MULTIPLIER = 2.0**-31  # kernels of XNNPACK refuse a smaller ratio of scales; a channel that needs it is dead
_LARGEST_BIAS = 2.0**30  # leaves room for the sums of products in int32
_FEW_WEIGHTS = 1024  # TensorFlow's converter leaves smaller kernels in floats, and so do we: they take no room

_INT8, _INT32 = schema.TensorType.INT8, schema.TensorType.INT32
_FLOAT32, _FLOAT16 = schema.TensorType.FLOAT32, schema.TensorType.FLOAT16

_FUSED = {
    LINEAR: schema.ActivationFunctionType.NONE,
    HARD_SWISH: schema.ActivationFunctionType.NONE,
    RELU: schema.ActivationFunctionType.RELU,
    RELU6: schema.ActivationFunctionType.RELU6,
}

BOTTLENECK = "bottleneck"
"""The name of the output."""

BEFORE_SWISH = "/before"
"""Behind the name of a layer: the values that its hard swish is computed of."""

Array = npt.NDArray[Any]

Ranges = Mapping[str, tuple[float, float]]
"""The lowest and the highest value of tensors, by their names."""


def write_network(architecture: Architecture, layers: Layers, quantization: str, ranges: Ranges | None = None) -> bytes:
    """The backbone of ``architecture`` with ``layers``: pictures (1, size, size, 3) -> bottlenecks (1, channels).

    An int8 file takes uint8 pixels and gives int8 bottlenecks; the others take and give float32. An int8 file needs the
    ``ranges`` of all activations that do not end at 6: see
    :func:`~trainer.backbones.activation_ranges.activation_ranges`. Biases are those of ``layers``: see
    :func:`~trainer.backbones.bias_correction.correct_biases` for int8.
    """
    return _Writer(architecture, quantization, ranges or {}).write(layers)


class _Writer:
    def __init__(self, architecture: Architecture, quantization: str, ranges: Ranges) -> None:
        self._size, self._kind, self._ranges = architecture.input_size, quantization, ranges
        self._network = network_graph(architecture)
        self._model, self._graph = new_model(self._network.title)
        self._versions = _VERSIONS[quantization]
        self._made: dict[str, Activations] = {}

    def write(self, layers: Layers) -> bytes:
        image, values = self._picture()
        for layer in self._network.layers:
            values = self._layer(layer, layers, values)
            self._made[layer.name] = values
        output = self._bottleneck(values)
        self._graph.inputs, self._graph.outputs = np.array([image], np.int32), np.array([output.number], np.int32)
        raise_runtime(self._model, _RUNTIMES[self._kind])
        return write_model(self._model)

    def _picture(self) -> tuple[int, Activations]:
        """The input, and what the first layer takes."""
        network, shape = self._network, (1, self._size, self._size, 3)
        low, high = -network.mean / network.std, (STEPS - network.mean) / network.std
        pixels = Quantization.of(low, high)
        if self._kind != "int8":
            image = self._tensor("image", shape, _FLOAT32)
            return image, Activations(image, self._size, 3, pixels)
        zero_point = pixels.zero_point - LOWEST
        image = self._tensor("image", shape, schema.TensorType.UINT8, pixels.scale, zero_point)
        values = self._tensor("pixels", shape, _INT8, pixels.scale, pixels.zero_point)
        self._operator("QUANTIZE", [image], values)
        return image, Activations(values, self._size, 3, pixels)

    def _layer(self, layer: NetworkLayer, layers: Layers, before: Activations) -> Activations:
        """The output of ``layer``; ``before`` is that of the layer before it."""
        if isinstance(layer, Convolution):
            values = before if layer.source is None else self._made[layer.source]
            return self._convolution(layer, *layers[layer.name], values)
        if isinstance(layer, Mean):
            return self._mean(self._made[layer.source], layer.name, keep=True)
        product = isinstance(layer, Product)
        names = (layer.source, layer.factors) if isinstance(layer, Product) else (layer.first, layer.second)
        first, second = (self._made[name] for name in names)
        quantization = self._range(layer.name, first.gain)
        output = self._activations(layer.name, first.size, first.channels, quantization)._replace(gain=first.gain)
        name, options = ("MUL", "Mul") if product else ("ADD", "Add")
        self._operator(name, [first.number, second.number], output.number, options)
        return output

    def _mean(self, values: Activations, name: str, keep: bool) -> Activations:
        axes = self._tensor(f"{name if keep else 'mean'}/axes", np.array([1, 2], "<i4"), _INT32)
        output = values._replace(size=1)
        number = self._activation(name, output.shape if keep else (1, values.channels), values.quantization)
        self._operator("MEAN", [values.number, axes], number, "Reducer", keepDims=keep)
        return output._replace(number=number)

    def _convolution(self, layer: Convolution, kernel: Array, bias: Array, values: Activations) -> Activations:
        swish = layer.activation == HARD_SWISH
        name = layer.name + BEFORE_SWISH if swish else layer.name
        quantization = ENDS_AT_6 if layer.activation == RELU6 else self._range(name)
        # TFLite's order: (channels out, height, width, channels in), of a depthwise one (1, height, width, channels).
        kernel = kernel.transpose(3, 0, 1, 2)
        if values.gain != 1:
            kernel = kernel / np.float32(values.gain)
        if self._kind == "int8":
            constants = self._int8(layer, kernel, bias, values.quantization.scale, quantization.scale)
        elif self._kind == "float16":
            constants = [self._half(layer, "kernel", kernel), self._half(layer, "bias", bias)]
        else:
            hybrid = self._kind == "dynamic" and kernel.size >= _FEW_WEIGHTS
            weights = self._quantized(layer, kernel, weight_scales(layer, kernel)) if hybrid else None
            if weights is None:
                weights = self._tensor(f"{layer.name}/kernel", kernel.astype("<f4"), _FLOAT32)
            constants = [weights, self._tensor(f"{layer.name}/bias", bias.astype("<f4"), _FLOAT32)]
        output = self._activations(name, -(-values.size // layer.stride), layer.channels, quantization)
        options: dict[str, Any] = {"padding": schema.Padding.SAME, "strideW": layer.stride, "strideH": layer.stride}
        options |= {"fusedActivationFunction": _FUSED[layer.activation]}
        options |= {"dilationWFactor": 1, "dilationHFactor": 1}
        inputs = [values.number, *constants]
        if layer.depthwise:
            self._operator("DEPTHWISE_CONV_2D", inputs, output.number, "DepthwiseConv2D", **options, depthMultiplier=1)
        else:
            self._operator("CONV_2D", inputs, output.number, "Conv2D", **options)
        return self._swish(layer, output) if swish else output

    def _swish(self, layer: Convolution, values: Activations) -> Activations:
        if self._kind == "int8":
            return self._int8_swish(layer, values)
        output = self._activations(layer.name, values.size, values.channels, ENDS_AT_6)
        self._operator("HARD_SWISH", [values.number], output.number, "HardSwish")
        raise_runtime(self._model, _HARD_SWISH_RUNTIME)
        return output

    def _int8_swish(self, layer: Convolution, values: Activations) -> Activations:
        """X min(max(x + 3, 0), 6): 6 times the hard swish, for which XNNPACK has no kernel in integers.

        A sum and a product, which it has; the 6 divides the weights behind them.
        """
        three = self._tensor(f"{layer.name}/three", np.array([127], np.int8), _INT8, 3 / 127)
        factors = self._activations(f"{layer.name}/factors", values.size, values.channels, ENDS_AT_6)
        relu6 = schema.ActivationFunctionType.RELU6
        self._operator("ADD", [values.number, three], factors.number, "Add", fusedActivationFunction=relu6)
        quantization = self._range(layer.name, _SWISH_GAIN)
        output = self._activations(layer.name, values.size, values.channels, quantization)._replace(gain=_SWISH_GAIN)
        self._operator("MUL", [values.number, factors.number], output.number, "Mul")
        return output

    def _bottleneck(self, values: Activations) -> Activations:
        """The output: the mean of ``values``."""
        if values.gain == 1:
            return self._mean(values, BOTTLENECK, keep=False)
        multiplied = self._mean(values, "multiplied bottleneck", keep=False)
        gain = self._tensor("mean/gain", np.array([127], np.int8), _INT8, 1 / values.gain / 127)
        quantization = values.quantization._replace(scale=values.quantization.scale / values.gain)
        output = self._activation(BOTTLENECK, (1, values.channels), quantization)
        self._operator("MUL", [multiplied.number, gain], output, "Mul")
        return multiplied._replace(number=output)

    def _range(self, name: str, gain: float = 1.0) -> Quantization:
        if self._kind != "int8":
            return ENDS_AT_6
        low, high = self._ranges[name]
        return Quantization.of(gain * low, gain * high)

    def _int8(
        self, layer: Convolution, kernel: Array, bias: Array, input_scale: float, output_scale: float
    ) -> list[int]:
        unit = np.float64(np.float32(input_scale))
        least = np.maximum(_LEAST_MULTIPLIER * output_scale, np.abs(bias) / _LARGEST_BIAS) / unit
        scales = np.maximum(weight_scales(layer, kernel), least).astype(np.float32)
        weights = self._quantized(layer, kernel, scales)
        bias_scales = (np.float32(input_scale) * scales).astype(np.float32)
        rounded = np.rint(bias / bias_scales.astype(np.float64)).astype("<i4")
        return [weights, self._tensor(f"{layer.name}/bias", rounded, _INT32, bias_scales)]

    def _quantized(self, layer: Convolution, kernel: Array, scales: Array) -> int:
        units = scales.astype(np.float64)
        units = units if layer.depthwise else units[:, np.newaxis, np.newaxis, np.newaxis]
        rounded = np.rint(kernel / units).clip(-LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)
        return self._tensor(f"{layer.name}/kernel", rounded, _INT8, scales, axis=3 if layer.depthwise else 0)

    def _half(self, layer: Convolution, part: str, values: Array) -> int:
        half = self._tensor(f"{layer.name}/{part}/half", values.astype("<f2"), _FLOAT16)
        whole = self._tensor(f"{layer.name}/{part}", values.shape, _FLOAT32)
        self._operator("DEQUANTIZE", [half], whole)
        return whole

    def _activations(self, name: str, size: int, channels: int, quantization: Quantization) -> Activations:
        output = Activations(0, size, channels, quantization)
        return output._replace(number=self._activation(name, output.shape, quantization))

    def _activation(self, name: str, shape: tuple[int, ...], quantization: Quantization) -> int:
        if self._kind == "int8":
            return self._tensor(name, shape, _INT8, *quantization)
        return self._tensor(name, shape, _FLOAT32)

    def _tensor(
        self,
        name: str,
        content: Array | tuple[int, ...],
        dtype: int,
        scale: float | Array = 0.0,
        zero_point: int = 0,
        axis: int = 0,
    ) -> int:
        return add_tensor(self._model, self._graph, name, content, dtype, scale, zero_point, axis)

    def _operator(self, name: str, inputs: list[int], output: int, options: str = "", **values: Any) -> None:
        made = getattr(schema, f"{options}OptionsT")() if options else None
        for field, value in values.items():
            setattr(made, field, value)
        kind = getattr(schema.BuiltinOptions, f"{options}Options") if options else 0
        add_operator(self._model, self._graph, name, self._versions, inputs, output, kind, made)
