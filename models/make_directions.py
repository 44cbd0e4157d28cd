"""Make the directions that come with the trainer of the ImageNet classifiers on top of MobileNet v1.

``python models/make_directions.py OUTPUT LABELS CLASSIFIER...`` writes ``OUTPUT/NETWORK.npz`` for each classifier,
``OUTPUT/names.txt`` of the file of 1,001 labels, and the licence, ``SOURCE.txt``. A classifier is ``NETWORK.npz``
with the array ``weights`` (values of the bottleneck, 1001); or ``NETWORK=FILE``, where FILE is Google's frozen graph,
Google's 8-bit ``.tflite``, or Keras' file with the top layer. The same files give the same bytes. See models/README.md.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.files import write_whole
from trainer.backbones.architectures import Architecture
from trainer.backbones.classifier_weights import read_classifier
from trainer.backbones.foreign.last_layer import read_last_layer
from trainer.unknown.packaged_directions import Factors

RANK = 96
_LARGEST = 127
_CLASSES = 1001  # row 0 is the background

SOURCE = """\
The files *.npz are derived from the ImageNet classifiers of MobileNet v1 that Google published, Copyright The
TensorFlow Authors, under the Apache License, Version 2.0 (http://www.apache.org/licenses/LICENSE-2.0). Changed: the
rows of weights without the background class, scaled to unit length, as a product of int8 matrices of rank 96.
names.txt has the first name of each class.
"""

Rows = npt.NDArray[np.float64]


def factorise(rows: Rows) -> Factors:
    """``rows`` (classes, values), of unit length, as a product of int8 matrices of rank :data:`RANK`.

    The product is the nearest one of this rank (truncated singular value decomposition), and each axis is then rounded
    so that its largest number is 127, on both sides.
    """
    left, sizes, axes = np.linalg.svd(rows, full_matrices=False)
    left, axes = left[:, :RANK] * sizes[:RANK], axes[:RANK]
    signs = np.sign(axes[np.arange(RANK), np.abs(axes).argmax(axis=1)])  # an axis may come out either way round
    left, axes = left * signs, axes * signs[:, np.newaxis]
    class_steps, axis_steps = np.abs(left).max(axis=0) / _LARGEST, np.abs(axes).max(axis=1) / _LARGEST
    return Factors(
        np.rint(left / class_steps).astype(np.int8),
        np.rint(axes / axis_steps[:, np.newaxis]).astype(np.int8),
        (class_steps * axis_steps).astype(np.float32),
    )


def unit_directions(weights: npt.NDArray[Any]) -> Rows:
    """The rows of ``weights`` (1001, values) without the background, of unit length."""
    rows = np.asarray(weights, np.float64)[1:]
    unit: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def read(classifier: str) -> tuple[str, npt.NDArray[Any]]:
    """The network's name and its classifier's weights (1001, values)."""
    network, equals, file = classifier.partition("=")
    if not equals:
        with np.load(classifier) as arrays:
            return Path(classifier).stem, arrays["weights"].T
    path = Path(file)
    weights = (
        read_last_layer(path.read_bytes())
        if path.suffix == ".tflite"
        else read_classifier(path, Architecture.parse(network))
    )
    if weights is None:
        raise SystemExit(f"{file}: it has no classifier of {network}")
    if len(weights) == _CLASSES - 1:  # Keras has left the background out
        weights = np.concatenate([weights[:1], weights])
    return network, weights


def as_file(factors: Factors) -> bytes:
    """The content of the file of ``factors``; numpy writes no time into it."""
    content = io.BytesIO()
    np.savez(content, **factors._asdict())
    return content.getvalue()


def names(labels: str) -> str:
    """The first name of each class in ``labels``, one class a line, without the background."""
    lines = labels.splitlines()
    if len(lines) != _CLASSES:
        raise SystemExit(f"{len(lines)} labels instead of {_CLASSES}")
    return "".join(f"{line.split(',')[0].strip()}\n" for line in lines[1:])


def main() -> None:
    """Write the files, and print how near each is to its classifier."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("classifiers", nargs="+", metavar="CLASSIFIER")
    options = parser.parse_args()
    write_whole(options.output / "names.txt", names(options.labels.read_text("utf-8")).encode())
    write_whole(options.output / "SOURCE.txt", SOURCE.encode())
    for classifier in options.classifiers:
        network, weights = read(classifier)
        rows = unit_directions(weights)
        factors = factorise(rows)
        content = as_file(factors)
        write_whole(options.output / f"{network}.npz", content)
        cosines = (factors.vectors() * rows).sum(axis=1)
        print(
            f"{network}: {len(content):,} bytes, cosine {cosines.mean():.3f} in the mean, {cosines.min():.3f} at least"
        )


if __name__ == "__main__":
    main()
