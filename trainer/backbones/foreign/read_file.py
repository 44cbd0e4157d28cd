"""Reading a ``.tflite`` of another project as a network: every check is made before the generated reader sees it."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from edge.errors import ModelError
from edge.modelfile.flatbuffer import Table
from edge.modelfile.foreign import check_channels, guess_normalization
from edge.modelfile.graph import Graph
from edge.modelfile.image_shape import ImageShape
from edge.modelfile.metadata import BUFFER_NAME, parse_metadata, unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.model_zip import model_of_zip
from edge.modelfile.normalization import GUESSED, IN_FILE, Normalization
from edge.modelfile.reading import ZIP_START
from edge.modelfile.structure import IDENTIFIER, Structure, examine
from trainer.tflite import read_model, write_model

READER_ERRORS = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, struct.error)
"""What the generated reader, which checks nothing, raises for files that were made by hand."""

_MOST_DIMENSIONS = 8  # as many as TFLite's kernels have

Result = TypeVar("Result")


class ForeignFile(NamedTuple):
    """A checked network: its object tree, and its flatbuffer as a :class:`ModelFile` without labels."""

    tree: Any
    model: ModelFile


def read_foreign(content: bytes, normalization: Normalization | None = None) -> ForeignFile:
    """The network in ``content``, a ``.tflite`` or a zip with one; ``normalization`` is for a file that has none.

    Raises :class:`~edge.errors.ModelError` if it is damaged, or is not one graph that takes one picture.
    """
    if content.startswith(ZIP_START):
        content, _ = model_of_zip(content)
    by_ultralytics = False
    if content[4:8] == IDENTIFIER:
        packed = unpack_files(content)
        by_ultralytics = any(name.endswith(".json") for name in packed.files)
        content = content[: packed.flatbuffer_bytes]
        _check_borders(content)
    structure = examine(content, maps=True)
    if any(buffer.integer(1, np.uint64) > 1 for buffer in Table.root(content, IDENTIFIER).tables(4)):
        content = _with_weights_inside(content)
        structure = examine(content, maps=True)
    model = ModelFile(content, (), None, structure.input, structure.output)
    if normalization is None:
        normalization = _noted(structure) or _found(model, by_ultralytics)
    check_channels(normalization, model.image)
    return ForeignFile(read_checked(lambda: read_model(content)), replace(model, normalization=normalization))


def read_checked(read: Callable[[], Result]) -> Result:
    """What ``read`` returns, which uses an object tree.

    Raises :class:`~edge.errors.ModelError` if the tree is not what TFLite's converters write.
    """
    try:
        return read()
    except READER_ERRORS:
        raise ModelError("its operators are not as converters write them; convert the model again") from None


def _with_weights_inside(content: bytes) -> bytes:
    """The same network with the weights that lie behind the flatbuffer in it: what looks for constants finds them."""
    return read_checked(lambda: write_model(read_model(content)))


def _noted(structure: Structure) -> Normalization | None:
    buffer = structure.metadata.get(BUFFER_NAME)
    found = parse_metadata(buffer) if buffer else None
    if found is None or found.mean is None or found.std is None:
        return None
    return Normalization(found.mean, found.std, IN_FILE)


def _found(model: ModelFile, by_ultralytics: bool) -> Normalization:
    """What the steps of an 8-bit input stand for; of a float input, what its first operators show."""
    image = model.input
    if image.dtype == np.float32:
        return guess_normalization(Graph(model.content), image, by_ultralytics)
    lowest = int(np.iinfo(image.dtype).min)  # type: ignore[type-var, arg-type]
    return Normalization(float(image.zero_point - lowest), 1 / image.scale, GUESSED)


def _check_borders(content: bytes) -> None:
    """Refuse what a backbone cannot be, with words for networks: :func:`examine` has words for classifiers."""
    graphs = list(Table.root(content, IDENTIFIER).tables(2))
    if len(graphs) > 1:
        raise ModelError(
            f"it has {len(graphs)} graphs, so it branches or loops, and a backbone is one graph; convert it without "
            "control flow"
        )
    for graph in graphs:
        image, features = (_border(graph, slot, role) for slot, role in ((1, "input"), (2, "output")))
        shape = ImageShape.of(image)
        if shape is None:
            raise ModelError(f"its input {image} is not a picture (1, height, width, 3); give a network for images")
        if shape.batch != 1:
            raise ModelError(f"its input {image} takes {shape.batch} pictures at a time; convert it for one")
        if len(features) != 4 and math.prod(features) != max(features, default=0):
            raise ModelError(
                f"its output {features} is neither a row of numbers nor a map of features; give a classifier or a "
                "feature vector"
            )


def _border(graph: Table, slot: int, role: str) -> tuple[int, ...]:
    """The shape of the only input or output."""
    numbers, tensors = graph.array(slot, np.int32), list(graph.tables(0))
    if len(numbers) != 1:
        raise ModelError(f"it has {len(numbers)} {role}s; give a network with one {role}, for one picture")
    index = int(numbers[0])
    if not 0 <= index < len(tensors):
        raise ModelError(f"its {role} is a tensor that is not there; copy the file again")
    return tuple(int(size) for size in tensors[index].array(0, np.int32)[:_MOST_DIMENSIONS])
