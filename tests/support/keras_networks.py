"""Networks as TensorFlow makes them: Keras' own with random weights, converted in a process of their own."""

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
random = np.random.default_rng(1)

def pictures():
    for _ in range(8):
        cells = random.uniform(-1, 1, (1, 6, 6, 3)).astype(np.float32)
        yield [np.repeat(np.repeat(cells, size // 6, 1), size // 6, 2)]

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

applications = tf.keras.applications
layers = tf.keras.layers
shape = dict(input_shape=(size, size, 3), weights=None)
v2 = spread(applications.MobileNetV2(alpha=0.35, classes=10, **shape))
for kind in ("float32", "float16", "dynamic"):
    convert(f"v2-{kind}", v2, kind)
for io in ("uint8", "int8", None):
    convert(f"v2-int8-{io or 'float32'}", v2, "int8", io)
features = applications.MobileNetV2(alpha=0.35, include_top=False, **shape)
features.set_weights(v2.get_weights()[: len(features.get_weights())])
convert("v2-map-float32", features)
convert("v2-map-int8-uint8", features, "int8", "uint8")
v3 = spread(applications.MobileNetV3Small(minimalistic=False, include_preprocessing=False, classes=10, **shape))
convert("v3-float32", v3)
convert("v3-dynamic", v3, "dynamic")
convert("v3-int8-uint8", v3, "int8", "uint8")
inner = tf.keras.Input((size, size, 3))
x = layers.Conv2D(8, 3, strides=2, activation="relu")(inner)
x = layers.GlobalAveragePooling2D()(layers.Conv2D(16, 3, strides=2, activation="relu")(x))
convert("unit-length", tf.keras.Model(inner, layers.UnitNormalization()(layers.Dense(24)(x))))
convert("logits", tf.keras.Model(inner, layers.Dense(7)(x)))
"""

NETWORKS = {
    "v2-float32": ("float32", 1280),
    "v2-float16": ("float16", 1280),
    "v2-dynamic": ("dynamic", 1280),
    "v2-int8-uint8": ("int8", 1280),
    "v2-int8-int8": ("int8", 1280),
    "v2-int8-float32": ("int8", 1280),
    "v2-map-float32": ("float32", 1280),
    "v2-map-int8-uint8": ("int8", 1280),
    "v3-float32": ("float32", 1024),
    "v3-dynamic": ("dynamic", 1024),
    "v3-int8-uint8": ("int8", 1024),
    "unit-length": ("float32", 24),
    "logits": ("float32", 16),
}
"""Name of the file -> quantization and number of values of its bottleneck."""


def make_networks(run_python: Callable[..., subprocess.CompletedProcess[str]], folder: Path) -> None:
    """Write ``NAME.tflite`` of all :data:`NETWORKS` into ``folder``: pictures of 96 x 96, from -1 to 1."""
    done = run_python("-c", _SCRIPT, folder)
    assert done.returncode == 0, done.stderr
