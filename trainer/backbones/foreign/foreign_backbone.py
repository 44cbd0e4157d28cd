"""A backbone out of a ``.tflite`` of another project: cut, pruned, and with the borders that our files have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np

from edge.errors import ModelError
from edge.modelfile.foreign import messages
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GIVEN, GUESSED, IN_FILE, Normalization
from trainer.backbones.backbone import Backbone, as_model
from trainer.backbones.foreign.arithmetic import arithmetic
from trainer.backbones.foreign.custom_operators import check_custom_operators
from trainer.backbones.foreign.cut_point import Cut, find_cut
from trainer.backbones.foreign.feature_row import end_in_row
from trainer.backbones.foreign.image_input import put_image_first
from trainer.backbones.foreign.network import ForeignNetwork, network_name
from trainer.backbones.foreign.prune import prune
from trainer.backbones.foreign.read_file import ForeignFile, read_checked, read_foreign
from trainer.backbones.foreign.tree_view import TreeView
from trainer.backbones.usable import check_usable
from trainer.backbones.weights import Weights
from trainer.tflite import (
    INT8_RUNTIME,
    MINIMUM_RUNTIME,
    NOT_KNOWN,
    add_metadata,
    noted_runtime,
    raise_runtime,
    write_model,
)

PIXELS_NAME = "edge_for_poets_pixels"
"""The metadata buffer that says how a float input's pixels are scaled, so that the artifact's hash depends on it."""

_FLOAT_RUNTIME = "1.6.0"  # has the MEAN that may be added


class Brought(NamedTuple):
    """The ``backbone`` of a foreign file, and lines that say how the file was read."""

    backbone: Backbone
    messages: tuple[str, ...]


def foreign_backbone(
    content: bytes,
    file_name: str,
    normalization: Normalization | None = None,
    *,
    check: Callable[[ModelFile], None] = check_usable,
) -> Brought:
    """The backbone in ``content``, a ``.tflite`` of another project called ``file_name``.

    ``normalization`` is for a file that does not say how pixels are scaled. The same arguments give the same bytes.
    ``check`` raises :class:`~edge.errors.ModelError` if the backbone cannot be used: of a file that was never run here,
    :func:`~trainer.backbones.apart.check_usable_apart`.

    Raises :class:`~edge.errors.ModelError` if the file is damaged or cannot be a backbone, and
    :class:`~edge.errors.ConfigurationError` if no interpreter can run here.
    """
    file = read_foreign(content, normalization)
    cut = read_checked(lambda: find_cut(TreeView(file.tree)))
    model = read_checked(lambda: cut_artifact(file, cut))
    reading = _reading(file.model, cut)
    backbone = Backbone(
        ForeignNetwork(network_name(file_name), max(model.input_size), reading),
        _arithmetic(file.tree),
        Weights(PurePath(file_name).name, None, hashlib.sha256(content).hexdigest()),
        model,
    )
    check(model)
    lines = messages(file.model.input, file.model.normalization, None)
    size = f"a bottleneck has {backbone.bottleneck_size:,} values, {backbone.quantization}"
    return Brought(backbone, (f"a network of another project, {reading}; {size}", *lines))


def cut_artifact(file: ForeignFile, cut: Cut, allowed: str | None = None) -> ModelFile:
    """The tree of ``file``, cut at ``cut``, changed in place and written as an artifact.

    ``allowed`` is a custom operator that it may have.

    Raises :class:`~edge.errors.ModelError` if it cannot be one.
    """
    tree, given = file
    graph = tree.subgraphs[0]
    if int(graph.inputs[0]) == cut.tensor:
        raise ModelError("nothing is computed before the layer that would be cut off; give a whole network")
    graph.outputs = np.array([cut.tensor], np.int32)
    prune(tree)
    check_custom_operators(TreeView(tree), allowed)
    return _written_artifact(tree, given)


def _written_artifact(tree: Any, given: ModelFile) -> ModelFile:
    """``tree``, which was read from ``given``, changed in place to the borders of our artifacts, and written.

    Raises :class:`~edge.errors.ModelError` if its output is no row of values.
    """
    graph = tree.subgraphs[0]
    end_in_row(tree, channels_first=given.image.channels_first)
    put_image_first(tree, given)
    # The names that the splice gives: cutting its head off again then leaves these bytes.
    graph.tensors[graph.inputs[0]].name, graph.tensors[graph.outputs[0]].name = b"image", b"bottleneck"
    for tensor in graph.tensors:
        tensor.shapeSignature = None  # the number of pictures may be open: it is one
    if noted_runtime(tree) is None:
        add_metadata(tree, MINIMUM_RUNTIME, NOT_KNOWN)
    eight_bits = given.input.dtype != np.float32 or _arithmetic(tree) == "int8"
    raise_runtime(tree, INT8_RUNTIME if eight_bits else _FLOAT_RUNTIME)
    normalization = given.normalization._replace(origin=IN_FILE)
    if given.input.dtype == np.float32:
        add_metadata(tree, PIXELS_NAME, repr(normalization[:2]).encode())
    return as_model(write_model(tree), normalization)


def _arithmetic(tree: Any) -> str:
    return arithmetic(tree, int(tree.subgraphs[0].outputs[0]))


def _reading(given: ModelFile, cut: Cut) -> str:
    """How the file ``given`` was read, in words."""
    place = f"cut before its last layer ({cut.layer})" if cut.layer else "used whole, as an embedder"
    if given.input.dtype != np.float32 and given.normalization.origin != GIVEN:
        return place
    guess = ", which is a guess" if given.normalization.origin == GUESSED else ""
    return f"{place}; pixels are scaled to {given.normalization.text}{guess}"
