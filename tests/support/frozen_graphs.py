"""What TensorFlow computes with a frozen graph, as the reference of what is read out of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

_SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
graph = tf.compat.v1.GraphDef()
graph.ParseFromString(open(sys.argv[1], "rb").read())
pictures = np.load(sys.argv[2])
with tf.Graph().as_default():
    tf.import_graph_def(graph, name="")
    with tf.compat.v1.Session() as session:
        run = lambda one: session.run(sys.argv[4], {"input:0": one[None]}).reshape(-1)
        np.save(sys.argv[3], np.stack([run(picture) for picture in pictures]))
"""


def run_graph(
    run_python: Callable[..., subprocess.CompletedProcess[str]],
    graph: Path,
    output: str,
    pictures: np.ndarray,
    folder: Path,
) -> np.ndarray:
    """The values of the tensor ``output`` for each of ``pictures`` (pictures, size, size, 3), uint8: one row each.

    TensorFlow runs in a process of its own; ``folder`` is for its files.
    """
    np.save(folder / "pictures.npy", pictures.astype(np.float32) / np.float32(127.5) - 1)
    done = run_python("-c", _SCRIPT, graph, folder / "pictures.npy", folder / "values.npy", output)
    assert done.returncode == 0, done.stderr
    values: np.ndarray = np.load(folder / "values.npy")
    return values
