"""Networks as TensorFlow makes them, with random weights: a small one, MobileNetV2 and MobileNetV3."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

_SCRIPT = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from pathlib import Path
import numpy as np
import tensorflow as tf

folder, size = Path(sys.argv[1]), 96
tf.keras.utils.set_random_seed(1)

def pictures():
    random = np.random.default_rng(1)
    for number in (2, 3, 4, 6, 8, 12, 16, 2, 4, 8):
        cells = random.uniform(-1, 1, (1, number, number, 3)).astype(np.float32)
        yield [np.repeat(np.repeat(cells, size // number, 1), size // number, 2)]

def spread(model):
    # Random weights, but statistics of the batch norms that keep the pictures apart.
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(np.concatenate([one[0] for one in pictures()]), training=True)
    return model

def convert(name, model, kind="float32", io=None):
    model = tf.keras.Model(model.input, model.output)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "int8":
        converter.representative_dataset = pictures
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if io:
            converter.inference_input_type = converter.inference_output_type = getattr(tf, io)
    (folder / f"{name}.tflite").write_bytes(converter.convert())

applications, layers = tf.keras.applications, tf.keras.layers
shape = dict(input_shape=(size, size, 3), weights=None)
pictured = tf.keras.Input((size, size, 3))
x = pictured
for convolution in (layers.Conv2D(16, 3, 2), layers.DepthwiseConv2D(3, 2), layers.Conv2D(64, 1, 2)):
    x = layers.ReLU(6.0)(layers.BatchNormalization()(convolution(x)))
mapped = tf.keras.Model(pictured, x)
averaged = layers.GlobalAveragePooling2D()(x)
small = spread(tf.keras.Model(pictured, layers.Dense(10, "softmax")(averaged)))
for kind in ("float32", "float16", "dynamic"):
    convert(f"small-{kind}", small, kind)
for io in ("uint8", "int8", None):
    convert(f"small-int8-{io or 'float32'}", small, "int8", io)
convert("map-float32", mapped)
convert("map-int8-uint8", mapped, "int8", "uint8")
convert("unit-length", tf.keras.Model(pictured, layers.UnitNormalization()(layers.Dense(24)(averaged))))
convert("logits", tf.keras.Model(pictured, layers.Dense(7)(averaged)))
v2 = spread(applications.MobileNetV2(alpha=0.35, classes=10, **shape))
convert("v2-int8-uint8", v2, "int8", "uint8")
v3 = spread(applications.MobileNetV3Small(include_preprocessing=False, classes=10, **shape))
convert("v3-float32", v3)
convert("v3-int8-uint8", v3, "int8", "uint8")
"""

NETWORKS = {
    "small-float32": ("float32", 64),
    "small-float16": ("float16", 64),
    "small-dynamic": ("dynamic", 64),
    "small-int8-uint8": ("int8", 64),
    "small-int8-int8": ("int8", 64),
    "small-int8-float32": ("int8", 64),
    "map-float32": ("float32", 64),
    "map-int8-uint8": ("int8", 64),
    "unit-length": ("float32", 24),
    "logits": ("float32", 64),
    "v2-int8-uint8": ("int8", 1280),
    "v3-float32": ("float32", 1024),
    "v3-int8-uint8": ("int8", 1024),
}
"""Name of the file -> quantization and number of values of its bottleneck."""


def make_networks(run_python: Callable[..., subprocess.CompletedProcess[str]], folder: Path) -> None:
    """Write ``NAME.tflite`` of all :data:`NETWORKS` into ``folder``: pictures of 96 x 96, from -1 to 1."""
    done = run_python("-c", _SCRIPT, folder)
    assert done.returncode == 0, done.stderr
