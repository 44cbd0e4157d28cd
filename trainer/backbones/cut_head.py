"""A model file of ours without its head: the backbone that its head was fitted on.

What the splice appended lies behind everything else in the flatbuffer's tables, so cutting it off leaves the artifact
that the file was made of, byte for byte, with its bottlenecks in the cache. Artifacts of TensorFlow's converter name
their output otherwise: what is cut out computes the same, but is another file, with bottlenecks of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.errors import ModelError, UsageError
from edge.modelfile.manifest import Manifest
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import examine
from trainer.backbones.architectures import QUANTIZATIONS, Architecture, Network
from trainer.backbones.backbone import Backbone, FineTuned, as_model
from trainer.backbones.foreign.custom_operators import check_custom_operators
from trainer.backbones.foreign.network import ForeignNetwork
from trainer.backbones.foreign.read_file import READER_ERRORS
from trainer.backbones.foreign.tree_view import TreeView
from trainer.backbones.weights import Weights
from trainer.photos.photo_hashes import read_photo_hashes
from trainer.tflite import read_model, write_model

_UNKNOWN = "not known"  # the weights of a file of an old release
FACTORS = b"head/factors"
"""The name of what a head multiplies features by, if it does."""

_INT8_HEAD, _FLOAT_HEAD = ("FULLY_CONNECTED", "SOFTMAX", "QUANTIZE"), ("FULLY_CONNECTED", "SOFTMAX")


def cut_head(model: ModelFile) -> Backbone:
    """The backbone of ``model``, whose output is the bottleneck.

    Architecture, quantization and weights are those that the manifest names. Splicing the same head onto the backbone
    gives the flatbuffer of ``model`` again.

    Raises :class:`~edge.errors.ModelError` if it is not a file of this project that has a head to cut off.
    """
    manifest = model.manifest
    if manifest is None:
        raise _no_backbone("it was not made by trainer retrain or trainer backbone")
    network = _network(manifest)
    if manifest.quantization not in QUANTIZATIONS:
        raise _no_backbone("its quantization is not one of ours")
    try:
        tree = read_model(model.content[: unpack_files(model.content).flatbuffer_bytes])
        _cut(tree, _INT8_HEAD if manifest.quantization == "int8" else _FLOAT_HEAD)
        check_custom_operators(TreeView(tree))
        content = write_model(tree)
    except READER_ERRORS:
        raise _no_backbone("its last operators are not those of our heads") from None
    if examine(content).output.shape[:-1] != (1,):
        raise _no_backbone("its bottleneck is not one row of numbers")
    provenance = manifest.provenance
    weights = Weights(provenance.weights or _UNKNOWN, None, provenance.weights_sha256 or "")
    tuned = None
    if provenance.fine_tune and provenance.fine_tune_best_epoch != 0:
        tuned = FineTuned(
            provenance.fine_tune,
            provenance.fine_tune_from,
            provenance.fine_tune_best_epoch,
            read_photo_hashes(model),
        )
    return Backbone(network, manifest.quantization, weights, as_model(content, model.normalization), tuned)


def _network(manifest: Manifest) -> Network:
    """The network that ``manifest`` names.

    Raises :class:`~edge.errors.ModelError` if it is neither one of ours nor one that a user brought.
    """
    reading = manifest.provenance.foreign
    if reading is not None:
        return ForeignNetwork(manifest.architecture, manifest.input_size, reading)
    try:
        return Architecture.parse(manifest.architecture)
    except UsageError:
        raise _no_backbone("its architecture is not one of ours") from None


def _no_backbone(reason: str) -> ModelError:
    return ModelError(
        f"no backbone can be taken from this model: {reason}; give a model file that trainer retrain or trainer "
        "backbone wrote"
    )


def _cut(tree: Any, head: tuple[str, ...]) -> None:
    """Remove the operators ``head`` and all that belongs to them alone from the object tree, in place.

    Raises :class:`ValueError` if these are not the last operators of the only graph.
    """
    (graph,) = tree.subgraphs
    bottleneck, count = _find_head(tree, graph, head)
    kept, removed = graph.operators[:-count], graph.operators[-count:]
    # The splice appends: all tensors and buffers from the first one of the head on are the head's.
    first = min(index for operator in removed for index in _tensors(operator) - {bottleneck})
    first_buffer = min(int(tensor.buffer) for tensor in graph.tensors[first:])
    if any(max(_tensors(operator)) >= first for operator in kept):
        raise ValueError("an operator of the backbone uses a tensor of the head")
    if any(int(tensor.buffer) >= first_buffer for tensor in graph.tensors[:first]):
        raise ValueError("a tensor of the backbone uses a buffer of the head")
    graph.operators, graph.tensors = kept, graph.tensors[:first]
    graph.outputs = np.array([bottleneck], np.int32)
    tree.operatorCodes = tree.operatorCodes[: 1 + max(int(operator.opcodeIndex) for operator in kept)]
    tree.metadata = [entry for entry in tree.metadata if int(entry.buffer) < first_buffer]
    tree.buffers = tree.buffers[:first_buffer]
    tree.signatureDefs = []


def _find_head(tree: Any, graph: Any, head: tuple[str, ...]) -> tuple[int, int]:
    """The tensor that goes into ``head``, the last operators of ``graph`` (behind a MUL or not), and their number."""
    wanted = int(graph.outputs[0])
    operators = list(graph.operators)
    for name in reversed(head):
        wanted = _input(tree, operators.pop(), name, wanted)
    if head == _INT8_HEAD and _is(tree, operators[-1], "MUL") and _multiplies_features(graph, operators[-1]):
        wanted = _input(tree, operators.pop(), "MUL", wanted)
    if wanted not in _indices(operators[-1].outputs):
        raise ValueError("the head does not stand behind the last operator")
    return wanted, len(graph.operators) - len(operators)


def _multiplies_features(graph: Any, operator: Any) -> bool:
    """Whether the MUL ``operator`` is one of a head: a network may end in one too."""
    return bool(graph.tensors[operator.inputs[1]].name == FACTORS)


def _indices(numbers: Any) -> list[int]:
    return [int(number) for number in numbers]


def _tensors(operator: Any) -> set[int]:
    return {*_indices(operator.inputs), *_indices(operator.outputs)}


def _input(tree: Any, operator: Any, name: str, output: int) -> int:
    """The first input of ``operator``, which must be a ``name`` with the output ``output``."""
    if not _is(tree, operator, name) or _indices(operator.outputs) != [output]:
        raise ValueError(f"not the {name} of a head")
    return int(operator.inputs[0])


def _is(tree: Any, operator: Any, name: str) -> bool:
    return bool(tree.operatorCodes[operator.opcodeIndex].builtinCode == getattr(schema.BuiltinOperator, name))
