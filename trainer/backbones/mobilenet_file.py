"""MobileNet v1 as a TFLite file, written directly from its weights: the operators that TensorFlow's converter writes.

27 convolutions and a mean; padding, bias and ReLU6 are fused. Activations end at 6, so their quantization is known
without a picture. The scheme is that of TFLite's 8-bit quantization specification: weights symmetric with one scale
for each channel that comes out, biases int32 in units of input scale times weight scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from trainer.backbones.architectures import Architecture
from trainer.backbones.mobilenet_v1 import Convolution, convolutions
from trainer.backbones.tuned_weights import Layers
from trainer.tflite import add_operator, add_tensor, new_model, raise_runtime, write_model

# The oldest versions with these types: int8 per channel; "hybrid", int8 weights with float activations; float16.
_VERSIONS = {
    "int8": {"QUANTIZE": 1, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "MEAN": 2},
    "float32": {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "MEAN": 1},
    "float16": {"DEQUANTIZE": 3, "CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "MEAN": 1},
    "dynamic": {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "MEAN": 1},
}
# The releases of TensorFlow Lite in which these versions came, as TensorFlow's converter notes them.
_RUNTIMES = {"int8": "1.14.0", "float32": "1.6.0", "float16": "1.15.0", "dynamic": "2.4.0"}

_PIXEL_SCALE, _PIXEL_ZERO = 2 / 255, 127  # of uint8; a pixel of 0 to 255 stands for -1 to 1
_ACTIVATION_SCALE, _ACTIVATION_ZERO = 6 / 255, -128  # of int8: 0 to 6
_LARGEST = 127  # of int8 weights, which are symmetric: -128 is not used
_LEAST_MULTIPLIER = 2.0**-31  # kernels of XNNPACK refuse a smaller ratio of scales; a channel that needs it is dead
_LARGEST_BIAS = 2.0**30  # leaves room for the sums of products in int32
_FEW_WEIGHTS = 1024  # TensorFlow's converter leaves smaller kernels in floats, and so do we: they take no room

_INT8, _INT32 = schema.TensorType.INT8, schema.TensorType.INT32
_FLOAT32, _FLOAT16 = schema.TensorType.FLOAT32, schema.TensorType.FLOAT16

Array = npt.NDArray[Any]


def write_mobilenet(architecture: Architecture, layers: Layers, quantization: str) -> bytes:
    """The backbone of ``architecture`` with ``layers``: pictures (1, size, size, 3) -> bottlenecks (1, 1024 alpha).

    An int8 file takes uint8 pixels and gives int8 bottlenecks; the others take and give float32. Biases are those of
    ``layers``: see :func:`~trainer.backbones.bias_correction.correct_biases` for int8.
    """
    return _Writer(architecture, quantization).write(layers)


class _Writer:
    def __init__(self, architecture: Architecture, quantization: str) -> None:
        self._architecture, self._kind = architecture, quantization
        self._model, self._graph = new_model("MobileNet v1")
        self._versions = _VERSIONS[quantization]

    def write(self, layers: Layers) -> bytes:
        size = self._architecture.input_size
        if self._kind == "int8":
            image = self._tensor("image", (1, size, size, 3), schema.TensorType.UINT8, _PIXEL_SCALE, _PIXEL_ZERO)
            values = self._tensor("pixels", (1, size, size, 3), _INT8, _PIXEL_SCALE, _PIXEL_ZERO - 128)
            self._operator("QUANTIZE", [image], values)
        else:
            image = values = self._tensor("image", (1, size, size, 3), _FLOAT32)
        for layer in convolutions(self._architecture):
            size = -(-size // layer.stride)
            values = self._convolution(layer, *layers[layer.name], values, size)
        axes = self._tensor("mean/axes", np.array([1, 2], "<i4"), _INT32)
        output = self._activations("bottleneck", (1, layer.channels))
        self._operator("MEAN", [values, axes], output, "Reducer", keepDims=False)
        self._graph.inputs, self._graph.outputs = np.array([image], np.int32), np.array([output], np.int32)
        raise_runtime(self._model, _RUNTIMES[self._kind])
        return write_model(self._model)

    def _convolution(self, layer: Convolution, kernel: Array, bias: Array, values: int, size: int) -> int:
        # TFLite's order: (channels out, height, width, channels in), of a depthwise one (1, height, width, channels).
        kernel = kernel.transpose(3, 0, 1, 2)
        if self._kind == "int8":
            first = layer.name == "conv1"
            constants = self._int8(layer, kernel, bias, _PIXEL_SCALE if first else _ACTIVATION_SCALE)
        elif self._kind == "float16":
            constants = [self._half(layer, "kernel", kernel), self._half(layer, "bias", bias)]
        else:
            hybrid = self._kind == "dynamic" and kernel.size >= _FEW_WEIGHTS
            weights = self._quantized(layer, kernel, _scales(layer, kernel)) if hybrid else None
            if weights is None:
                weights = self._tensor(f"{layer.name}/kernel", kernel.astype("<f4"), _FLOAT32)
            constants = [weights, self._tensor(f"{layer.name}/bias", bias.astype("<f4"), _FLOAT32)]
        output = self._activations(layer.name, (1, size, size, layer.channels))
        options: dict[str, Any] = {"padding": schema.Padding.SAME, "strideW": layer.stride, "strideH": layer.stride}
        options |= {"fusedActivationFunction": schema.ActivationFunctionType.RELU6}
        options |= {"dilationWFactor": 1, "dilationHFactor": 1}
        if layer.depthwise:
            self._operator(
                "DEPTHWISE_CONV_2D", [values, *constants], output, "DepthwiseConv2D", **options, depthMultiplier=1
            )
        else:
            self._operator("CONV_2D", [values, *constants], output, "Conv2D", **options)
        return output

    def _int8(self, layer: Convolution, kernel: Array, bias: Array, input_scale: float) -> list[int]:
        unit = np.float64(np.float32(input_scale))
        least = np.maximum(_LEAST_MULTIPLIER * _ACTIVATION_SCALE, np.abs(bias) / _LARGEST_BIAS) / unit
        scales = np.maximum(_scales(layer, kernel), least).astype(np.float32)
        weights = self._quantized(layer, kernel, scales)
        bias_scales = (np.float32(input_scale) * scales).astype(np.float32)
        rounded = np.rint(bias / bias_scales.astype(np.float64)).astype("<i4")
        return [weights, self._tensor(f"{layer.name}/bias", rounded, _INT32, bias_scales)]

    def _quantized(self, layer: Convolution, kernel: Array, scales: Array) -> int:
        units = scales.astype(np.float64)
        units = units if layer.depthwise else units[:, np.newaxis, np.newaxis, np.newaxis]
        rounded = np.rint(kernel / units).clip(-_LARGEST, _LARGEST).astype(np.int8)
        return self._tensor(f"{layer.name}/kernel", rounded, _INT8, scales, axis=3 if layer.depthwise else 0)

    def _half(self, layer: Convolution, part: str, values: Array) -> int:
        half = self._tensor(f"{layer.name}/{part}/half", values.astype("<f2"), _FLOAT16)
        whole = self._tensor(f"{layer.name}/{part}", values.shape, _FLOAT32)
        self._operator("DEQUANTIZE", [half], whole)
        return whole

    def _activations(self, name: str, shape: tuple[int, ...]) -> int:
        if self._kind == "int8":
            return self._tensor(name, shape, _INT8, _ACTIVATION_SCALE, _ACTIVATION_ZERO)
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


def _scales(layer: Convolution, kernel: Array) -> npt.NDArray[np.float32]:
    """The scale of each channel's weights, so that the largest one is 127; 1 for a channel of zeros."""
    largest = np.abs(kernel).max(axis=(0, 1, 2) if layer.depthwise else (1, 2, 3))
    scales = (largest / _LARGEST).astype(np.float32)
    return np.where(scales > 0, scales, np.float32(1))
