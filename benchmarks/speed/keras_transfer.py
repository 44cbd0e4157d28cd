"""Transfer learning as tutorials show it: a frozen Keras MobileNet, a Dense layer, Adam, ten epochs of ``fit``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.read_layers import layers_of

BATCH, EPOCHS, LEARNING_RATE = 32, 10, 1e-3


def main() -> None:
    """``... ARCHITECTURE WEIGHTS < JSON`` trains on {"training", "test"}: lists of [path, label index].

    Prints the seconds from the first photo to the last evaluated one, and the test accuracy, as JSON.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    splits = json.load(sys.stdin)
    architecture = Architecture.parse(sys.argv[1])
    size = architecture.input_size
    backbone = build_model(architecture, layers_of(architecture, Path(sys.argv[2])))
    backbone.trainable = False
    labels = 1 + max(label for _, label in splits["training"])
    dense = keras.layers.Dense(labels, activation="softmax")
    model = keras.Sequential([keras.layers.Rescaling(1 / 127.5, offset=-1), backbone, keras.layers.Dropout(0.2), dense])
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])

    def load(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(picture, (size, size)), label

    def photos(split: str) -> tf.data.Dataset:
        paths, classes = zip(*splits[split], strict=True)
        pairs = tf.data.Dataset.from_tensor_slices((list(paths), list(classes)))
        if split == "training":
            pairs = pairs.shuffle(len(paths), seed=0)
        return pairs.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)

    started = time.perf_counter()
    model.fit(photos("training"), epochs=EPOCHS, verbose=0)
    _, accuracy = model.evaluate(photos("test"), verbose=0)
    print(json.dumps({"seconds": time.perf_counter() - started, "accuracy": accuracy, "epochs": EPOCHS}))


if __name__ == "__main__":
    main()
