"""The loop of TensorFlow for Poets, written anew for TensorFlow 2: what the codelab's script does, step for step.

One photo after the other goes through the frozen graph, and its bottleneck into a text file. Then a linear layer learns
by gradient descent: each step takes random photos and reads their text files again, every tenth one is evaluated too.
The sizes are the defaults of the script with the codelab's ``--how_many_training_steps=500``.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.backbones.architectures import Architecture
from trainer.backbones.convert import build_model
from trainer.backbones.read_layers import layers_of

STEPS, BATCH, LEARNING_RATE, EVALUATED_EVERY = 500, 100, 0.01, 10
TEST_SHARE = VALIDATION_SHARE = 0.1

Floats = npt.NDArray[np.float32]


def freeze(architecture: Architecture, weights: Path, path: Path) -> None:
    """Write the network with ``weights`` as a frozen graph, as the codelab downloads it: that time is not counted."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = build_model(architecture, layers_of(architecture, weights))
    size = architecture.input_size
    signature = tf.TensorSpec((1, size, size, 3), tf.float32, name="input")
    traced = tf.function(lambda image: tf.identity(model(image, training=False), "bottleneck"))
    graph = convert_variables_to_constants_v2(traced.get_concrete_function(signature)).graph
    path.write_bytes(graph.as_graph_def().SerializeToString())


def run(graph_path: Path, size: int, image_dir: Path, bottleneck_dir: Path) -> float:
    """Train on ``image_dir`` with the graph at ``graph_path``; returns the share of test photos that is right."""
    import tensorflow.compat.v1 as tf

    tf.disable_eager_execution()
    chance = random.Random(0)
    labels = sorted(folder.name for folder in image_dir.iterdir() if folder.is_dir())
    splits: dict[str, list[tuple[int, Path]]] = {"training": [], "validation": [], "testing": []}
    for index, label in enumerate(labels):
        for photo in sorted((image_dir / label).glob("*.jpg")):
            draw = chance.random()
            name = "testing" if draw < TEST_SHARE else "training"
            splits["validation" if TEST_SHARE <= draw < TEST_SHARE + VALIDATION_SHARE else name].append((index, photo))
    definition = tf.GraphDef()
    definition.ParseFromString(graph_path.read_bytes())
    with tf.Graph().as_default(), tf.Session() as session:
        image, bottleneck = tf.import_graph_def(definition, return_elements=["input:0", "bottleneck:0"], name="")
        jpeg = tf.placeholder(tf.string)
        decoded = tf.expand_dims(tf.cast(tf.image.decode_jpeg(jpeg, channels=3), tf.float32), 0)
        resized = tf.image.resize_bilinear(decoded, (size, size)) / 127.5 - 1

        def text_file(photo: Path) -> Path:
            return bottleneck_dir / photo.parent.name / f"{photo.name}.txt"

        def values(photo: Path) -> list[float]:
            path = text_file(photo)
            if not path.exists():
                pixels = session.run(resized, {jpeg: photo.read_bytes()})
                found = np.squeeze(session.run(bottleneck, {image: pixels}))
                path.write_text(",".join(str(value) for value in found))
            return [float(text) for text in path.read_text().split(",")]

        for label in labels:
            (bottleneck_dir / label).mkdir(parents=True, exist_ok=True)
        for photos in splits.values():
            for _, photo in photos:
                values(photo)

        count = bottleneck.shape[1]
        features, wanted = tf.placeholder(tf.float32, (None, count)), tf.placeholder(tf.int64, (None,))
        weights = tf.Variable(tf.random.truncated_normal((count, len(labels)), stddev=0.001, seed=0))
        logits = features @ weights + tf.Variable(tf.zeros(len(labels)))
        loss = tf.losses.sparse_softmax_cross_entropy(wanted, logits)
        learn = tf.train.GradientDescentOptimizer(LEARNING_RATE).minimize(loss)
        right = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), wanted), tf.float32))
        session.run(tf.global_variables_initializer())

        def batch(photos: list[tuple[int, Path]]) -> dict[Any, Any]:
            return {features: [values(photo) for _, photo in photos], wanted: [index for index, _ in photos]}

        for step in range(STEPS):
            taken = batch(chance.choices(splits["training"], k=BATCH))
            session.run(learn, taken)
            if step % EVALUATED_EVERY == 0 or step == STEPS - 1:
                session.run([right, loss], taken)
                session.run(right, batch(chance.choices(splits["validation"], k=BATCH)))
        return float(session.run(right, batch(splits["testing"])))


def main() -> None:
    """``... freeze ARCHITECTURE WEIGHTS GRAPH`` or ``... run GRAPH SIZE IMAGE_DIR BOTTLENECK_DIR``."""
    if sys.argv[1] == "freeze":
        freeze(Architecture.parse(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        print(json.dumps(run(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))))


if __name__ == "__main__":
    main()
