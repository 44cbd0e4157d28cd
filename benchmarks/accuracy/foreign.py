"""Networks that users bring: is a spliced file the network with a head on it, on both interpreters?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from edge.inference.classifier import Classifier
from edge.inference.interpreter import installed_runtimes
from edge.inference.model_input import ModelInput
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from edge.preprocess import Pixels
from trainer.backbones.backbone import drawn_pictures
from trainer.backbones.foreign.cut_point import find_cut
from trainer.backbones.foreign.read_file import read_foreign
from trainer.backbones.foreign.tree_view import TreeView
from trainer.export.export import export_unmeasured
from trainer.head.linear import Head, softmax
from trainer.retraining.given_backbone import read_given

LABELS = ("one", "two", "three", "four", "five")
_SEEDS = range(10)
_SPREAD = 2.0  # standard deviation of a logit, in nats
_LEAST_DEVIATION = 1e-3

Floats = npt.NDArray[np.floating[Any]]


def compare(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """One row for each network: how far its file of ours is from what it should compute, on fifty drawn flowers.

    ``features`` is the largest difference of a bottleneck's value from the same tensor in the given file, as a share
    of the largest value. ``head`` is the largest difference of a score from softmax of a float head, in numpy, on the
    bottlenecks of the same interpreter; ``interpreters`` that between the scores of the interpreters, and ``labels``
    the share of the pictures that get the same label on both. The head is random: its logits have a standard deviation
    of 2, so that no score is near 0 or 1 by itself.
    """
    return [_row(path) for path in paths]


def _row(path: Path) -> dict[str, Any]:
    backbone = read_given(path).backbone
    pictures = drawn_pictures(backbone.architecture, _SEEDS)
    features = {runtime: backbone.features(pictures, runtime) for runtime in installed_runtimes()}
    first = next(iter(features.values()))
    head = random_head(first)
    content = export_unmeasured(backbone, head, samples=first, labels=LABELS, provenance=Provenance())
    model = ModelFile.from_bytes(content)
    scores = {
        runtime: np.stack([Classifier(model, runtime=runtime).scores(picture) for picture in pictures])
        for runtime in features
    }
    original = original_features(path.read_bytes(), pictures)
    preferred, *others = scores.values()
    return {
        "network": path.name,
        "quantization": backbone.quantization,
        "reading": backbone.foreign,
        "values": backbone.bottleneck_size,
        "size_bytes": len(content),
        "features": float(np.abs(original - first).max() / np.abs(original).max()),
        "head": {
            runtime: float(np.abs(softmax(head.logits(features[runtime])) - scores[runtime]).max())
            for runtime in scores
        },
        "interpreters": max((float(np.abs(other - preferred).max()) for other in others), default=0.0),
        "labels": min(
            (float((other.argmax(axis=1) == preferred.argmax(axis=1)).mean()) for other in others), default=1.0
        ),
    }


def random_head(features: Floats) -> Head:
    """A head for ``features`` (pictures, values) whose logits have a mean of 0 and a deviation of 2 on them."""
    deviation = np.maximum(features.std(axis=0, dtype=np.float64), _LEAST_DEVIATION)
    weights = np.random.default_rng(0).normal(0, 1, (features.shape[1], len(LABELS))) / deviation[:, np.newaxis]
    weights *= _SPREAD / (features @ weights).std()
    return Head(weights, -(features @ weights).mean(axis=0))


def original_features(content: bytes, pictures: Sequence[Pixels]) -> Floats:
    """The tensor at which the network in ``content`` is cut, as the given file computes it: (pictures, values)."""
    file = read_foreign(content)
    view = TreeView(file.tree)
    tensor = find_cut(view).tensor
    interpreter = Interpreter(model_content=file.model.content, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    make_input, rows = ModelInput(file.model), []
    for picture in pictures:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], make_input.tensor(picture))
        interpreter.invoke()
        values = interpreter.get_tensor(tensor)[0].astype(np.float64)
        scale, zero_point = view.steps(tensor) or (1.0, 0)
        if values.ndim == 3 and max(values.shape) != values.size:
            values = values.mean(axis=(0, 1))
        rows.append((values.reshape(-1) - zero_point) * scale)
    return np.stack(rows)
