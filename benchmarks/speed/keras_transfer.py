"""Transfer learning as tutorials show it: a frozen Keras MobileNet, a Dense layer, Adam, ten epochs of ``fit``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.speed.keras_script import labelled_paths, make_classifier, read_photos
from trainer.backbones.architectures import Architecture

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
    labels = 1 + max(label for _, label in splits["training"])
    model = make_classifier(architecture, Path(sys.argv[2]), labels, LEARNING_RATE, trainable=False)

    def photos(split: str) -> Any:
        pairs = labelled_paths(splits[split])
        if split == "training":
            pairs = pairs.shuffle(len(splits[split]), seed=0)
        return read_photos(pairs, architecture.input_size).batch(BATCH).prefetch(tf.data.AUTOTUNE)

    started = time.perf_counter()
    model.fit(photos("training"), epochs=EPOCHS, verbose=0)
    _, accuracy = model.evaluate(photos("test"), verbose=0)
    print(json.dumps({"seconds": time.perf_counter() - started, "accuracy": accuracy, "epochs": EPOCHS}))


if __name__ == "__main__":
    main()
