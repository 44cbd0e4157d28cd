"""A model file whose head was never fitted: right for size and latency, and a way to carry a backbone to a device."""

from __future__ import annotations

import numpy as np

from edge.inference.self_test import make_patterns
from edge.modelfile.provenance import Provenance
from trainer.backbones.backbone import Backbone
from trainer.export.export import export_unmeasured
from trainer.head.linear import Head

_HEAD_SEED, _PATTERN_SEED = 0, 0
_HEAD_SPREAD = 0.05


def export_untaught(
    backbone: Backbone,
    labels: tuple[str, ...],
    note: str,
    *,
    score_threshold: float | None = None,
    runtime: str | None = None,
) -> bytes:
    """The bytes of a model file with a head of random weights from a fixed seed, for ``labels``.

    All weights of the head differ, so the self-test sees every value of the bottleneck. ``note`` goes into the
    provenance, ``score_threshold`` into the manifest. On one machine the same arguments give the same bytes.
    """
    random = np.random.default_rng(_HEAD_SEED)
    weights = random.normal(0, _HEAD_SPREAD, (backbone.bottleneck_size, len(labels)))
    samples = backbone.features(make_patterns(_PATTERN_SEED, backbone.model.input_size), runtime)
    provenance = Provenance(
        backbone_sha256=backbone.model.sha256,
        weights=backbone.weights.origin,
        weights_sha256=backbone.weights.sha256,
        foreign=backbone.foreign,
        note=note,
    )
    return export_unmeasured(
        backbone,
        Head(weights, np.zeros(len(labels))),
        samples=samples,
        labels=labels,
        provenance=provenance,
        score_threshold=score_threshold,
        runtime=runtime,
    )
