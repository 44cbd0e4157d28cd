"""What the scripts of Keras share: how they are run, the network with its classifier, and the photos of ``tf.data``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone
from trainer.backbones.convert import build_model
from trainer.backbones.read_layers import layers_of


def run_script(name: str, backbone: Backbone, *arguments: str, text: str) -> str:
    """The last line that ``benchmarks.speed.NAME`` prints. It gets the network of ``backbone``, and ``text``."""
    child = subprocess.run(
        [
            sys.executable,
            "-m",
            f"benchmarks.speed.{name}",
            backbone.architecture.name,
            str(backbone.weights.path),
            *arguments,
        ],
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return child.stdout.splitlines()[-1]


def make_classifier(
    architecture: Architecture, weights: Path, labels: int, learning_rate: float, *, trainable: bool
) -> Any:
    """Keras' network with ``weights`` and a new layer for ``labels``, to be fitted with Adam at ``learning_rate``.

    It takes pixels from 0 to 255. Without ``trainable`` only the new layer is fitted.
    """
    import keras

    backbone = build_model(architecture, layers_of(architecture, weights))
    backbone.trainable = trainable
    dense = keras.layers.Dense(labels, activation="softmax")
    model = keras.Sequential([keras.layers.Rescaling(1 / 127.5, offset=-1), backbone, keras.layers.Dropout(0.2), dense])
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def labelled_paths(pairs: Sequence[tuple[str, int]]) -> Any:
    """A data set of ``tf.data`` of the path and the class of each of ``pairs``."""
    import tensorflow as tf

    paths, classes = zip(*pairs, strict=True)
    return tf.data.Dataset.from_tensor_slices((list(paths), list(classes)))


def read_photos(pairs: Any, size: int) -> Any:
    """The data set ``pairs`` with the photo at each path, (size, size, 3), 0 to 255, in place of the path."""
    import tensorflow as tf

    def load(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(picture, (size, size)), label

    return pairs.map(load, num_parallel_calls=tf.data.AUTOTUNE)
