"""A graph of the codelab becomes a file of ours: the same network, written directly, with the user's labels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.errors import DataError, ModelError
from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from trainer.adopt.adopt import NOTE, Adopted, check_named, measured
from trainer.adopt.codelab_graph import CodelabGraph, read_codelab_graph
from trainer.backbones.backbone import backbone_of_layers, drawn_pictures
from trainer.backbones.usable import check_usable
from trainer.backbones.weights import Weights
from trainer.export.export import export_unmeasured
from trainer.groups.modes import GROUPS_AUTO
from trainer.head.linear import softmax
from trainer.photos.layout import AUTO
from trainer.progress import ProgressLike, as_progress

GRAPH_SUFFIX = ".pb"
"""How the name of a frozen graph ends."""

_SAMPLE_SEEDS, _TEST_SEEDS = range(100, 105), range(200, 208)  # others than those of the bias correction


class Agreement(NamedTuple):
    """How far the file agrees with the graph's network in floats.

    On ``pictures`` drawn flowers ``same`` labels are equal, and no score differs by more than ``largest``.
    """

    pictures: int
    same: int
    largest: float


class AdoptedGraph(NamedTuple):
    """The finished file, and how well it agrees with the graph."""

    adopted: Adopted
    agreement: Agreement


def adopt_graph(
    path: Path,
    labels: tuple[str, ...],
    quantization: str,
    photos: str | Path | None = None,
    *,
    layout: str = AUTO,
    groups: str = GROUPS_AUTO,
    runtime: str | None = None,
    progress: ProgressLike = None,
) -> AdoptedGraph:
    """Make a file of ours of the codelab's frozen graph ``path``, which has ``labels``; no TensorFlow is needed.

    ``photos``, ``layout`` and ``groups`` are those of :func:`~trainer.adopt.adopt.adopt`.

    Raises :class:`~edge.errors.DataError` if it is another graph, or has another number of labels,
    :class:`~edge.errors.ConfigurationError` if no interpreter loads, :class:`~edge.errors.ModelError` if it cannot run
    the file, and the errors of :func:`~trainer.evaluation.evaluate.evaluate`.
    """
    progress = as_progress(progress)
    graph = read_codelab_graph(path)
    outputs = len(graph.head.bias)
    if len(labels) != outputs:
        fix = "delete the empty lines of the label file" if "" in labels else "give the label file that belongs to it"
        raise DataError(f"{path.name} has {outputs} outputs, not {len(labels)}: {fix}")
    check_named(labels)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    weights = Weights(path.name, None, sha256)
    with progress.stage("backbone"):
        try:
            backbone = backbone_of_layers(graph.architecture, graph.layers, quantization, weights)
            check_usable(backbone.model)
        except ModelError as error:
            raise DataError(f"{path.name}: no weights that {graph.architecture.name} can use: {error}") from None
    provenance = Provenance(
        backbone_sha256=backbone.model.sha256,
        weights=weights.origin,
        weights_sha256=sha256,
        adopted_from=path.name,
        adopted_sha256=sha256,
        note=NOTE,
    )
    samples = backbone.features(drawn_pictures(graph.architecture, _SAMPLE_SEEDS), runtime)
    content = export_unmeasured(
        backbone, graph.head, samples=samples, labels=labels, provenance=provenance, runtime=runtime
    )
    draft = ModelFile.from_bytes(content)
    agreement = _agreement(graph, draft, weights, runtime)
    adopted = measured(draft, photos, layout=layout, groups=groups, runtime=runtime, progress=progress)
    return AdoptedGraph(adopted, agreement)


def _agreement(graph: CodelabGraph, draft: ModelFile, weights: Weights, runtime: str | None) -> Agreement:
    pictures = drawn_pictures(graph.architecture, _TEST_SEEDS)
    floating = backbone_of_layers(graph.architecture, graph.layers, "float32", weights)
    expected = softmax(graph.head.logits(floating.features(pictures, runtime)))
    classifier = Classifier(draft, runtime=runtime)
    found = np.stack([classifier.scores(picture) for picture in pictures])
    same = int((found.argmax(axis=1) == expected.argmax(axis=1)).sum())
    return Agreement(len(pictures), same, float(np.abs(found - expected).max()))
