"""Where other things lie: the directions of an ImageNet classifier's classes in the bottlenecks of a backbone.

Each class of a linear classifier has a row of weights, and a bottleneck that lies in the direction of the row is called
that class. So a thousand rows say where photos of a thousand things lie, without one of these photos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.errors import ConfigurationError, ModelError
from edge.modelfile.manifest import MANIFEST_NAME
from edge.modelfile.model_file import ModelFile
from edge.modelfile.reading import MAX_MODEL_BYTES, read_bounded
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone
from trainer.backbones.classifier_weights import read_classifier
from trainer.backbones.foreign.last_layer import read_labels, read_last_layer
from trainer.backbones.packaged_weights import installed, package_of
from trainer.backbones.tuned_weights import Floats
from trainer.backbones.weights import has_keras_weights, keras_file_with_top
from trainer.unknown.fit_test import fits
from trainer.unknown.packaged_directions import imagenet_names, packaged_directions, packaged_networks, unit_rows

_IMAGENET = 1000
_FEWEST = 100  # classes: fewer say little of the rest of the world


class Directions(NamedTuple):
    """``vectors`` (classes, values of the bottleneck) of unit length, and the ``names`` of the classes.

    ``source`` says in a few words where they are from.
    """

    vectors: Floats
    names: tuple[str, ...]
    source: str


def find_directions(
    backbone: Backbone,
    features: Floats,
    file: Path | None = None,
    write_message: Callable[[str], None] = lambda line: None,
) -> Directions | None:
    """The directions for ``backbone``, from the first place that has some which belong to it; None if none has.

    In order: the classifier in the file of its weights, or in ``file``, the network of another project that it was
    taken from; Keras' weights with the top layer, if they are in Keras' cache; the ``offline`` extra; those that come
    with the trainer. Nothing is downloaded.

    ``features`` (pictures, values) are bottlenecks of the user's photos, with drawings beside them if there are fewer
    than about 40. They tell which directions belong to the backbone, see :func:`~trainer.unknown.fit_test.fits`.
    ``write_message`` gets a line for each classifier that does not belong, or cannot be read.
    """
    for found, named in _candidates(backbone, file, write_message):
        if fits(features, found.vectors):
            return found
        if named:
            write_message(
                f"the {found.source} is not used: it does not belong to this backbone, or the photos are too unlike "
                "ImageNet's to tell"
            )
    return None


def _candidates(
    backbone: Backbone, file: Path | None, write_message: Callable[[str], None]
) -> Iterator[tuple[Directions, bool]]:
    """Directions that have the size of the bottleneck, the best first, and whether they should belong to it."""
    try:
        yield from ((found, True) for found in _own(backbone, file, write_message) if found is not None)
    except (ConfigurationError, ModelError) as error:
        write_message(f"no directions of the classifier: {error}")
    name = backbone.architecture.name
    # Those of other networks last: one set of weights may serve several input sizes, or come under another name.
    for network in sorted(packaged_networks(), key=lambda network: network != name):
        vectors = packaged_directions(network)
        if vectors.shape[1] == backbone.bottleneck_size:
            source = f"ImageNet classifier of {network} (comes with the trainer)"
            yield Directions(vectors, imagenet_names(), source), network == name


def _own(backbone: Backbone, file: Path | None, write_message: Callable[[str], None]) -> Iterator[Directions | None]:
    """The directions of classifiers that came with the weights of ``backbone``."""
    if backbone.foreign and file is not None:
        content = read_bounded(file, MAX_MODEL_BYTES, "the backbone")
        if not _has_our_head(content):
            yield _of_file(content, file.name, backbone.bottleneck_size)
    if not isinstance(backbone.architecture, Architecture):
        return
    architecture = backbone.architecture
    paths = [backbone.weights.path]
    if has_keras_weights(architecture):
        paths.append(keras_file_with_top(architecture))
    if package := package_of(architecture):
        paths.append(installed(package))
    for path in dict.fromkeys(paths):
        if path is not None and path.is_file():
            try:
                weights = read_classifier(path, architecture)
            except ConfigurationError as error:  # the next file may be sound
                write_message(f"no directions of the classifier: {error}")
                continue
            yield None if weights is None else _directions(weights, (), path.name)


def _has_our_head(content: bytes) -> bool:
    """Whether ``content`` is a file of ours whose last layer is the user's head; an adopted one has kept its own."""
    if MANIFEST_NAME.encode() not in content:
        return False
    manifest = ModelFile.from_bytes(content).manifest
    return manifest is not None and (
        manifest.provenance.adopted_from is None or manifest.provenance.weights is not None
    )


def _of_file(content: bytes, name: str, size: int) -> Directions | None:
    weights = read_last_layer(content)
    if weights is None or weights.shape[1] != size or not np.isfinite(weights).all():
        return None
    return _directions(weights, read_labels(content), name)


def _directions(weights: Floats, labels: tuple[str, ...], name: str) -> Directions | None:
    """The rows of ``weights`` (classes, values) as directions; None if they are not the classes of a classifier.

    An embedder's last layer looks the same. So there must be a label for each row, or as many rows as ImageNet has
    classes, with the background as row 0 or without it.
    """
    names, classes = labels, len(weights)
    if classes == _IMAGENET + 1:
        weights, names = weights[1:], labels[1:]
    if len(weights) == _IMAGENET and not names:
        names = imagenet_names()
    if classes < _FEWEST or len(names) != len(weights):
        return None
    return Directions(unit_rows(weights), names, f"classifier in {name}")
