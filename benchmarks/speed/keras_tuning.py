"""Fine-tuning as tutorials show it: all of Keras' MobileNet, ``tf.data``, flips, zoom and light, ``fit``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.read_layers import layers_of

BATCH, LEARNING_RATE = 32, 1e-4


def main() -> None:
    """``... ARCHITECTURE WEIGHTS EPOCHS < JSON`` trains on {"training", "validation"}: lists of [path, label index].

    Prints the moments in seconds at which the epochs ended, as JSON.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    splits = json.load(sys.stdin)
    architecture = Architecture.parse(sys.argv[1])
    size = architecture.input_size
    backbone = build_model(architecture, layers_of(architecture, Path(sys.argv[2])))
    labels = 1 + max(label for _, label in splits["training"])
    dense = keras.layers.Dense(labels, activation="softmax")
    model = keras.Sequential([keras.layers.Rescaling(1 / 127.5, offset=-1), backbone, keras.layers.Dropout(0.2), dense])
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    layers = keras.layers
    augment = keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomZoom(0.3), layers.RandomBrightness(0.3, value_range=(0, 255))]
    )

    def load(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(picture, (size, size)), label

    def photos(split: str) -> tf.data.Dataset:
        paths, classes = zip(*splits[split], strict=True)
        pairs = tf.data.Dataset.from_tensor_slices((list(paths), list(classes)))
        return pairs.map(load, num_parallel_calls=tf.data.AUTOTUNE).cache()  # decoded once, as ours are

    training = photos("training").shuffle(len(splits["training"]), seed=0).batch(BATCH)
    changed = training.map(
        lambda pictures, classes: (augment(pictures, training=True), classes), num_parallel_calls=tf.data.AUTOTUNE
    )
    ends_s: list[float] = []
    model.fit(
        changed.prefetch(tf.data.AUTOTUNE),
        validation_data=photos("validation").batch(BATCH),
        epochs=int(sys.argv[3]),
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends_s.append(time.perf_counter()))],
    )
    print(json.dumps(ends_s))


if __name__ == "__main__":
    main()
