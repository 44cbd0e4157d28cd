"""TensorFlow's converter makes a ``.tflite`` backbone of Keras' network: ``--converter tensorflow``.

It is the reference of :mod:`trainer.backbones.network_file`. It runs as a program of its own
(``python -m trainer.backbones.convert``), so that the process that asks for it never loads
TensorFlow. That saves its memory, keeps its output off the terminal, and both TFLite interpreters can be used
(tflite-runtime and TensorFlow cannot share a process).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import ConfigurationError
from edge.files import write_whole
from edge.inference.self_test import make_patterns
from trainer.backbones.architectures import (
    MOBILENET_V1,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    QUANTIZATIONS,
    Architecture,
)
from trainer.backbones.networks import network_graph
from trainer.backbones.read_layers import layers_of
from trainer.backbones.tensorflow_child import end_child
from trainer.backbones.tuned_weights import Layers

CALIBRATION_SEEDS = 25
"""Seeds of the calibration pictures, four pictures each: a hundred in all."""


def build_model(architecture: Architecture, layers: Layers) -> Any:
    """Keras' network with ``layers`` and average pooling: (1, size, size, 3), -1 to 1 -> (1, values).

    Raises :class:`~edge.errors.ConfigurationError` for a network that Keras does not have.
    """
    import keras

    size, alpha = architecture.input_size, architecture.alpha
    options = {"input_shape": (size, size, 3), "alpha": alpha, "include_top": False, "pooling": "avg", "weights": None}
    if architecture.family == MOBILENET_V1:
        model = keras.applications.MobileNet(**options)
    elif architecture.family == MOBILENET_V2:
        model = keras.applications.MobileNetV2(**options)
    elif architecture.family == MOBILENET_V3_SMALL:
        model = keras.applications.MobileNetV3Small(**options, include_preprocessing=False)
    else:
        raise ConfigurationError(f"Keras has no {architecture.name}: leave out --converter")
    graph = network_graph(architecture)
    for layer in graph.convolutions:
        kernel, bias = layers[layer.name]
        kernel, bias = kernel / np.float32(layer.factor), bias - np.float32(layer.shift)
        if layer.norm is None:
            model.get_layer(layer.name).set_weights([kernel, bias])
            continue
        model.get_layer(layer.name).set_weights([kernel])
        # A batch norm without effect but for its shift: the biases of the folded layers.
        ones, zeros = np.ones_like(bias), np.zeros_like(bias)
        model.get_layer(layer.norm).set_weights([ones, bias, zeros, ones - np.float32(graph.epsilon)])
    return model


def calibration_pictures(input_size: int) -> Iterator[npt.NDArray[np.float32]]:
    """A hundred pictures (1, size, size, 3), float32, spanning exactly [-1, 1].

    They are drawn, not taken from the user's photos, so that the artifact (and every bottleneck cached for
    it) stays valid when photos are added. Activations that end at 6 saturate on drawn pictures as they do
    on photos, see docs/adr/0002; the ranges of others come out wider than on photos.
    """
    for seed in range(CALIBRATION_SEEDS):
        for pattern in make_patterns(seed, (input_size, input_size)):
            picture = pattern.astype(np.float32) / 127.5 - 1
            picture[0, 0, :2] = (-1, 1)  # else a set without black or white would rescale the pixels
            yield picture[np.newaxis]


def convert(model: Any, quantization: str) -> bytes:
    """``model`` as a TFLite flatbuffer of the given ``quantization``, a name in ``QUANTIZATIONS``.

    An int8 artifact takes uint8 pixels and gives int8 bottlenecks; the others take and give float32.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    size = model.input_shape[1]
    signature = tf.TensorSpec((1, size, size, 3), tf.float32, name="image")
    traced = tf.function(lambda image: model(image, training=False)).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(traced)])
    if quantization != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization == "int8":
        converter.representative_dataset = lambda: ([picture] for picture in calibration_pictures(size))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def main() -> int:
    """Build the artifacts that the arguments ask for; its output goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m trainer.backbones.convert")
    parser.add_argument("architecture")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--artifact", nargs=2, action="append", metavar=("QUANTIZATION", "FILE"), default=[])
    options = parser.parse_args()
    architecture = Architecture.parse(options.architecture)

    def work() -> None:
        model = build_model(architecture, layers_of(architecture, options.weights))
        for quantization, file in options.artifact:
            assert quantization in QUANTIZATIONS
            write_whole(Path(file), convert(model, quantization))

    return end_child(work)


if __name__ == "__main__":
    sys.exit(main())
