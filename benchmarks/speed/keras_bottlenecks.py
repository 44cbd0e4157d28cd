"""Bottlenecks as tutorials compute them: Keras, float32, batches of 32 from ``tf.data``; runs as a child process."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.read_layers import layers_of

BATCH = 32


def main() -> None:
    """``... ARCHITECTURE WEIGHTS < paths`` prints photos a second; imports, tracing and one batch are not timed."""
    import tensorflow as tf

    architecture = Architecture.parse(sys.argv[1])
    size = architecture.input_size
    model = build_model(architecture, layers_of(architecture, Path(sys.argv[2])))
    paths = sys.stdin.read().splitlines()

    def load(path: tf.Tensor) -> tf.Tensor:
        picture = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(picture, (size, size)) / 127.5 - 1

    forward = tf.function(lambda batch: model(batch, training=False))
    photos = tf.data.Dataset.from_tensor_slices(paths).map(load, num_parallel_calls=tf.data.AUTOTUNE)
    batches = photos.batch(BATCH).prefetch(tf.data.AUTOTUNE)
    for batch in batches.take(1):
        forward(batch)
    started = time.perf_counter()
    for batch in batches:
        forward(batch).numpy()
    print(len(paths) / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
