"""What the manifest says of the files that are packed beside the network: gate, distance and known photos."""

from __future__ import annotations

import hashlib

from edge.inference.distance import Distance
from edge.inference.gate import Gate
from edge.modelfile.gate_facts import DistanceFacts, GateFacts
from edge.modelfile.manifest import KnownPhotos
from trainer.backbones.backbone import Backbone
from trainer.photos.dataset import Dataset
from trainer.photos.photo_hashes import PhotoHashes, seen_photos
from trainer.unknown.outside import UnknownClass


def seen_by(
    backbone: Backbone, dataset: Dataset, unknown: UnknownClass | None, *, all_trained: bool = False
) -> PhotoHashes | None:
    """The photos that the model has seen, with those that its backbone was fine-tuned on before.

    Those that taught the class ``unknown`` for the rest of the world are among them. None if there are too many.
    """
    seen = seen_photos(dataset, all_trained=all_trained)
    before = backbone.tuned.photos if backbone.tuned else None
    if seen is not None and unknown is not None:
        seen = seen.joined(PhotoHashes.of((photo.sha256 for photo in unknown.teaching), ()))
    return seen if seen is None or before is None else seen.joined(before)


def known_photos(seen: PhotoHashes) -> KnownPhotos:
    """The facts of the photos that a model has ``seen``."""
    sha256 = hashlib.sha256(seen.to_bytes()).hexdigest()
    return KnownPhotos(sha256, training=len(seen.training), validation=len(seen.validation))


def gate_facts(gate: Gate, bottleneck: int) -> GateFacts:
    """The facts of ``gate``; ``bottleneck`` is the index of its tensor in the flatbuffer."""
    return GateFacts(
        sha256=hashlib.sha256(gate.to_bytes()).hexdigest(),
        tensor=bottleneck,
        features=len(gate.deviation),
        prototypes=len(gate.prototypes),
        prototype_scale=gate.prototype_scale,
        confidence_weight=gate.confidence_weight,
        nearness_weight=gate.nearness_weight,
        threshold=gate.threshold,
    )


def distance_facts(distance: Distance) -> DistanceFacts:
    """The facts of the ``distance`` that belongs to a gate."""
    return DistanceFacts(
        sha256=hashlib.sha256(distance.to_bytes()).hexdigest(),
        axes=len(distance.axes),
        axes_scale=distance.axes_scale,
        rest=distance.rest,
        corner=distance.corner,
        weight=distance.weight,
        threshold=distance.threshold,
    )
