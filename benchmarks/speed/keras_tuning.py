"""Fine-tuning as tutorials show it: all of Keras' MobileNet, ``tf.data``, flips, zoom and light, ``fit``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.speed.keras_script import labelled_paths, make_classifier, read_photos
from trainer.backbones.architectures import Architecture

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
    labels = 1 + max(label for _, label in splits["training"])
    model = make_classifier(architecture, Path(sys.argv[2]), labels, LEARNING_RATE, trainable=True)
    layers = keras.layers
    augment = keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomZoom(0.3), layers.RandomBrightness(0.3, value_range=(0, 255))]
    )

    def photos(split: str) -> Any:
        return read_photos(labelled_paths(splits[split]), architecture.input_size).cache()  # decoded once, as ours are

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
