"""Networks that TensorFlow converts: MobileNetV2 and V3 in every quantization, as classifiers and embedders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.inference.classifier import Classifier
from edge.inference.interpreter import installed_runtimes
from edge.inference.self_test import make_patterns, run_self_test
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GIVEN, from_range
from edge.modelfile.provenance import Provenance
from support.head_scores import INT8_ATOL, head_scores
from support.keras_networks import NETWORKS, make_networks
from trainer.backbones.backbone import Backbone
from trainer.backbones.cut_head import cut_head
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.export.export import export_unmeasured
from trainer.head.linear import Head

pytestmark = pytest.mark.xdist_group("tensorflow")

LABELS = ("blue", "green", "red")


@pytest.fixture(scope="module")
def networks(once: Callable[[str, Callable[[Path], object]], Path], command_line) -> Path:
    """The folder with all of them."""
    return once("keras-networks", lambda folder: make_networks(command_line, folder))


def backbone_of(networks: Path, name: str) -> Backbone:
    """The backbone of one of them."""
    content = (networks / f"{name}.tflite").read_bytes()
    return foreign_backbone(content, f"{name}.tflite", from_range(-1, 1, GIVEN)).backbone


def patterns(seeds: int = 3) -> list[np.ndarray]:
    """Chequered pictures of 96 x 96."""
    return [pattern for seed in range(seeds) for pattern in make_patterns(seed, (96, 96))]


@pytest.mark.parametrize(("name", "facts"), NETWORKS.items(), ids=NETWORKS)
def test_the_file_is_the_network_with_the_head(networks: Path, name: str, facts: tuple[str, int]) -> None:
    """Quantization and size; on each interpreter the scores are those of the head on its bottlenecks; and it is cut."""
    backbone = backbone_of(networks, name)
    assert (backbone.quantization, backbone.bottleneck_size) == facts
    features = backbone.features(patterns())
    assert features.std() > 0
    deviation = features.std(axis=0) + 0.1 * features.std()
    weights = np.random.default_rng(0).normal(0, 1, (facts[1], len(LABELS))) / deviation[:, np.newaxis]
    weights *= 1.5 / (features @ weights).std(axis=0).mean()
    head = Head(weights, -(features @ weights).mean(axis=0))
    provenance = Provenance(
        weights=backbone.weights.origin, weights_sha256=backbone.weights.sha256, foreign=backbone.foreign
    )
    model = ModelFile.from_bytes(
        export_unmeasured(backbone, head, samples=features, labels=LABELS, provenance=provenance)
    )
    for runtime in installed_runtimes():
        found = Classifier(model, runtime=runtime)
        scores = np.stack([found.scores(pattern) for pattern in patterns()])
        expected = head_scores(model, head, backbone.features(patterns(), runtime), backbone.model.output)
        np.testing.assert_allclose(scores, expected, atol=INT8_ATOL if facts[0] == "int8" else 1e-4)
    assert run_self_test(Classifier(model)).passed
    cut = cut_head(model)
    assert (cut.model.content, cut.architecture) == (backbone.model.content, backbone.architecture)


def test_the_same_network_in_other_types_has_nearly_the_same_features(networks: Path) -> None:
    """The difference from floats is a small share of the variance; types of the input and the output change nothing."""
    floats = backbone_of(networks, "small-float32").features(patterns())
    shares = {"small-float16": 1e-5, "small-dynamic": 0.05, "small-int8-uint8": 0.05}
    for name, share in shares.items():
        found = backbone_of(networks, name).features(patterns())
        assert ((found - floats) ** 2).mean() < share * floats.var(), name
    uint8 = backbone_of(networks, "small-int8-uint8")
    for name in ("small-int8-int8", "small-int8-float32"):
        found = backbone_of(networks, name)
        difference = np.abs(found.features(patterns()) - uint8.features(patterns()))
        assert difference.max() <= 12 * uint8.model.output.scale, name
        assert (difference > 0).mean() < 0.5, name


def test_a_map_is_averaged(networks: Path) -> None:
    """A network without its top has the bottleneck of the classifier that its weights are of."""
    floats, averaged = (backbone_of(networks, name).features(patterns()) for name in ("small-float32", "map-float32"))
    np.testing.assert_allclose(averaged, floats, atol=1e-4)
