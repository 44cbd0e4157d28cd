"""A whole model converted to int8 with TensorFlow's converter, for comparison only; runs as a child process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.read_layers import layers_of


def main() -> None:
    """Turn inputs.npz into whole.tflite: ``python -m benchmarks.accuracy.whole_model ARCHITECTURE WEIGHTS FOLDER``."""
    import keras
    import tensorflow as tf

    folder = Path(sys.argv[3])
    inputs = np.load(folder / "inputs.npz")
    architecture = Architecture.parse(sys.argv[1])
    backbone = build_model(architecture, layers_of(architecture, Path(sys.argv[2])))
    dense = keras.layers.Dense(len(inputs["bias"]), activation="softmax")
    model = keras.Sequential([backbone, dense])
    model.build((None, *backbone.input_shape[1:]))
    dense.set_weights([inputs["weights"].astype(np.float32), inputs["bias"].astype(np.float32)])
    pictures = inputs["calibration"].astype(np.float32) / 127.5 - 1
    model.export(folder / "saved", verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([picture[np.newaxis]] for picture in pictures)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8
    (folder / "whole.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
