"""MobileNet v1 with 1,001 classes and weights from a seed (Howard et al. 2017, arXiv:1704.04861).

The operators are those of the files of ``trainer retrain``, so the times are those of a retrained model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.bench.standard.graph import FLOAT32, INT8, INT32, UINT8, GraphWriter, Kernel, Steps
from edge.bench.standard.weights import halved, halvings, seeded_integers
from edge.modelfile.flatbuffer_writer import Scalar

CLASSES = 1001
"""Those of ImageNet and the background, as in the files that Google published."""

_FIRST_CHANNELS = 32
_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDED_BLOCKS = (2, 4, 6, 12)

# Versions that tflite-runtime 2.14 knows too.
_KERNELS = {
    "int8": {
        "QUANTIZE": Kernel(114, 1),
        "CONV_2D": Kernel(3, 3, 1),
        "DEPTHWISE_CONV_2D": Kernel(4, 3, 2),
        "MEAN": Kernel(40, 2, 27),
        "FULLY_CONNECTED": Kernel(9, 4, 8),
        "SOFTMAX": Kernel(25, 2, 9),
    },
    "float32": {
        "CONV_2D": Kernel(3, 1, 1),
        "DEPTHWISE_CONV_2D": Kernel(4, 1, 2),
        "MEAN": Kernel(40, 1, 27),
        "FULLY_CONNECTED": Kernel(9, 1, 8),
        "SOFTMAX": Kernel(25, 1, 9),
    },
}
_RELU6 = 3  # ActivationFunctionType
_ACTIVATIONS = Steps((6 / 255,), -128)  # 0 to 6
_PICTURE, _PIXELS = Steps((2 / 255,), 127), Steps((2 / 255,), -1)  # about -1 to 1, uint8 and int8
_LOGITS, _SOFTMAX, _SCORES = Steps((1 / 16,)), Steps((1 / 256,), -128), Steps((1 / 256,))
_BIAS_SHIFT = 3  # biases are an eighth of the numbers drawn, in units of the input's scale
_FLOAT_BIAS_HALVINGS = 8


def write_network(alpha: float, input_size: int, quantization: str) -> bytes:
    """The file of width ``alpha`` for pictures of ``input_size`` x ``input_size`` pixels: ``int8`` or ``float32``.

    An int8 file takes and gives uint8, the other float32. The weights of a width are the same for all sizes.
    """
    return _Writer(alpha, input_size, quantization).write()


class _Writer:
    def __init__(self, alpha: float, input_size: int, quantization: str) -> None:
        self._graph = GraphWriter()
        self._alpha, self._size, self._quantized = alpha, input_size, quantization == "int8"
        self._kernels = _KERNELS[quantization]
        self._steps = _PIXELS  # of the values that the next layer takes

    def write(self) -> bytes:
        image, values = self._picture()
        channels = int(_FIRST_CHANNELS * self._alpha)
        values = self._convolution(values, "conv1", 3, channels, stride=2)
        for block, width in enumerate(_WIDTHS, start=1):
            stride = 2 if block in _STRIDED_BLOCKS else 1
            values = self._depthwise(values, f"depthwise{block}", channels, stride)
            wider = int(width * self._alpha)
            values = self._convolution(values, f"pointwise{block}", channels, wider, kernel=1)
            channels = wider
        return self._graph.write(image, self._classifier(values, channels), "MobileNet v1 of the standard set")

    def _picture(self) -> tuple[int, int]:
        shape = (1, self._size, self._size, 3)
        if not self._quantized:
            image = self._graph.activation("image", shape, FLOAT32)
            return image, image
        image = self._graph.activation("image", shape, UINT8, _PICTURE)
        pixels = self._graph.activation("pixels", shape, INT8, _PIXELS)
        self._graph.operator(self._kernels["QUANTIZE"], [image], pixels, {})
        return image, pixels

    def _convolution(
        self, values: int, name: str, channels: int, wider: int, *, kernel: int = 3, stride: int = 1
    ) -> int:
        constants = self._constants(name, (wider, kernel, kernel, channels), wider, kernel * kernel * channels, 0)
        output = self._output(name, stride, wider)
        options = {0: Scalar("<b", 0), 1: Scalar("<i", stride), 2: Scalar("<i", stride), 3: Scalar("<b", _RELU6)}
        self._graph.operator(self._kernels["CONV_2D"], [values, *constants], output, options)
        return output

    def _depthwise(self, values: int, name: str, channels: int, stride: int) -> int:
        constants = self._constants(name, (1, 3, 3, channels), channels, 9, 3)
        output = self._output(name, stride, channels)
        options = {0: Scalar("<b", 0), 1: Scalar("<i", stride), 2: Scalar("<i", stride)}
        options |= {3: Scalar("<i", 1), 4: Scalar("<b", _RELU6)}
        self._graph.operator(self._kernels["DEPTHWISE_CONV_2D"], [values, *constants], output, options)
        return output

    def _classifier(self, values: int, channels: int) -> int:
        """Mean, fully connected layer and softmax; returns the scores."""
        axes = self._graph.constant("axes", np.array([1, 2]), INT32)
        mean = self._activation("mean", (1, channels), _ACTIVATIONS)
        self._graph.operator(self._kernels["MEAN"], [values, axes], mean, {0: Scalar("<B", 0)})
        # One scale for all weights: tflite-runtime 2.14 knows no others here.
        constants = self._constants("classifier", (CLASSES, channels), 1, channels, 0)
        logits = self._activation("logits", (1, CLASSES), _LOGITS)
        self._graph.operator(self._kernels["FULLY_CONNECTED"], [mean, *constants], logits, {0: Scalar("<b", 0)})
        softmax = self._activation("softmax", (1, CLASSES), _SOFTMAX)
        self._graph.operator(self._kernels["SOFTMAX"], [logits], softmax, {0: Scalar("<f", 1.0)})
        if not self._quantized:
            return softmax
        scores = self._graph.activation("scores", (1, CLASSES), UINT8, _SCORES)
        self._graph.operator(self._kernels["QUANTIZE"], [softmax], scores, {})
        return scores

    def _constants(self, name: str, shape: tuple[int, ...], scales: int, inputs: int, axis: int) -> list[int]:
        """Weights of ``shape`` with so many ``scales`` along ``axis``, and biases; a value is a sum over ``inputs``."""
        weights = seeded_integers(f"{self._alpha} {name} weights", shape)
        biases = seeded_integers(f"{self._alpha} {name} biases", (shape[axis] if len(shape) > 2 else shape[0],))
        times = halvings(inputs)
        if not self._quantized:
            return [
                self._graph.constant(f"{name}/weights", halved(weights, times), FLOAT32),
                self._graph.constant(f"{name}/biases", halved(biases, _FLOAT_BIAS_HALVINGS), FLOAT32),
            ]
        unit = 2.0**-times
        (input_scale,) = self._steps.scales
        shifted = biases.astype(np.int32) * np.int32(1 << (times - _BIAS_SHIFT))
        return [
            self._graph.constant(f"{name}/weights", weights, INT8, Steps((unit,) * scales, 0, axis)),
            self._graph.constant(f"{name}/biases", shifted, INT32, Steps((input_scale * unit,) * scales)),
        ]

    def _output(self, name: str, stride: int, channels: int) -> int:
        self._size = -(-self._size // stride)
        self._steps = _ACTIVATIONS
        return self._activation(name, (1, self._size, self._size, channels), _ACTIVATIONS)

    def _activation(self, name: str, shape: tuple[int, ...], steps: Steps) -> int:
        kind: Any = (INT8, steps) if self._quantized else (FLOAT32, None)
        return self._graph.activation(name, shape, *kind)
