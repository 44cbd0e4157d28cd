"""MobileNet v1 with its batch norms folded into the convolutions, as a network that can be trained further.

In inference mode a batch norm is a factor and a shift for each channel. Multiplying the small kernels by the factor,
and not the large activations, is cheaper. A kernel is trained in units of its channels' sizes, so that a step of a
given learning rate moves every channel by the same share of itself; see docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from trainer.backbones.architectures import Architecture
from trainer.backbones.mobilenet_v1 import convolutions
from trainer.backbones.tuned_weights import Layers

_LEAST_SCALE = 1e-3  # of a dead channel, whose kernel is nearly zero
_STRIDED = {layer.name for layer in convolutions(Architecture(1.0, 224)) if layer.stride == 2}


class Layer(NamedTuple):
    """A convolution with its batch norm: a kernel whose channels have unit size, their sizes, and the bias."""

    kernel: Any
    scale: Any
    bias: Any

    def folded(self) -> tuple[Any, Any]:
        """The kernel as it convolves, and the bias."""
        return self.kernel * self.scale, self.bias


def in_units(layers: Layers) -> dict[str, Layer]:
    """``layers`` with kernels in units of their channels' sizes; scales have a shape that multiplies the kernel."""
    scaled = {}
    for name, (kernel, bias) in layers.items():
        # A depthwise kernel is (height, width, channels, 1), any other (height, width, in, channels).
        size = np.sqrt((kernel**2).mean((0, 1) if "_dw_" in name else (0, 1, 2)))
        scale = np.maximum(size, _LEAST_SCALE)
        scaled[name] = Layer(kernel / scale, scale, bias)
    return scaled


def compute_features(images: Any, layers: dict[str, tuple[Any, Any]]) -> Any:
    """The bottlenecks (photos, values) of ``images`` (photos, size, size, 3), uint8.

    ``layers`` has a folded kernel and a bias, tensors or arrays, for each name.
    """
    import tensorflow as tf

    def convolution(name: str, values: Any) -> Any:
        kernel, bias = layers[name]
        return tf.nn.bias_add(convolve(name, values, kernel), bias)

    return run_network(images, layers, convolution)


def run_network(images: Any, names: Iterable[str], convolution: Callable[[str, Any], Any]) -> Any:
    """The bottlenecks (photos, values) of ``images`` (photos, size, size, 3), uint8, through the layers ``names``.

    ``convolution`` gets the name of a layer and what goes into it, and returns what its activation gets.
    """
    import tensorflow as tf

    values = tf.cast(images, tf.float32) / 127.5 - 1
    for name in names:
        values = tf.nn.relu6(convolution(name, values))
    return tf.reduce_mean(values, [1, 2])


def convolve(name: str, values: Any, kernel: Any) -> Any:
    """What the layer ``name`` makes of ``values`` (photos, height, width, channels) with ``kernel``, without a bias."""
    import tensorflow as tf

    stride = 2 if name in _STRIDED else 1
    if stride == 2:  # as Keras pads, which differs from TensorFlow's own SAME
        values = tf.pad(values, [[0, 0], [0, 1], [0, 1], [0, 0]])
    padding = "VALID" if stride == 2 else "SAME"
    if "_dw_" in name:
        return tf.nn.depthwise_conv2d(values, kernel, [1, stride, stride, 1], padding)
    return tf.nn.conv2d(values, kernel, stride, padding)
