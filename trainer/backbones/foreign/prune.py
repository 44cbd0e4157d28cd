"""Removing from an object tree what its outputs do not need: operators, tensors, buffers, kernels, metadata."""

from __future__ import annotations

from typing import Any

import numpy as np

from trainer.backbones.foreign.tree_view import indices
from trainer.tflite import MINIMUM_RUNTIME


def prune(tree: Any) -> None:
    """Remove from ``tree``, in place, what the outputs of its only graph do not need.

    Of the metadata, only the note of the oldest runtime stays; signatures go.
    """
    (graph,) = tree.subgraphs
    graph.operators = _needed(graph)
    used = {*indices(graph.inputs), *indices(graph.outputs)}
    for operator in graph.operators:
        used |= {*indices(operator.inputs), *indices(operator.outputs), *indices(operator.intermediates)}
    kept = sorted(used - {-1})
    places = {index: place for place, index in enumerate(kept)} | {-1: -1}
    graph.tensors = [graph.tensors[index] for index in kept]
    for holder, name in [(graph, "inputs"), (graph, "outputs")] + [
        (operator, name) for operator in graph.operators for name in ("inputs", "outputs", "intermediates")
    ]:
        numbers = getattr(holder, name)
        if numbers is not None:
            setattr(holder, name, np.array([places[index] for index in indices(numbers)], np.int32))
    _prune_kernels(tree, graph)
    tree.signatureDefs = []
    tree.metadata = [entry for entry in tree.metadata or [] if entry.name == MINIMUM_RUNTIME.encode()]
    tree.metadataBuffer = None  # an older form of metadata: it names buffers by their place
    _prune_buffers(tree, graph)


def _needed(graph: Any) -> list[Any]:
    """The operators of ``graph`` that its outputs depend on, in their order."""
    wanted, needed = set(indices(graph.outputs)), []
    for operator in reversed(graph.operators):
        if not wanted.isdisjoint(indices(operator.outputs)):
            wanted |= set(indices(operator.inputs))
            needed.append(operator)
    return needed[::-1]


def _prune_kernels(tree: Any, graph: Any) -> None:
    codes = sorted({int(operator.opcodeIndex) for operator in graph.operators})
    for operator in graph.operators:
        operator.opcodeIndex = codes.index(int(operator.opcodeIndex))
    tree.operatorCodes = [tree.operatorCodes[code] for code in codes]


def _prune_buffers(tree: Any, graph: Any) -> None:
    holders = [*graph.tensors, *tree.metadata]
    kept = sorted({0, *(int(holder.buffer) for holder in holders)})  # the first one is empty, by the format
    places = {index: place for place, index in enumerate(kept)}
    tree.buffers = [tree.buffers[index] for index in kept]
    for holder in holders:
        holder.buffer = places[int(holder.buffer)]
