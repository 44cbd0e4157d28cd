"""Directions on real photos and real weights: which belong to a network, and what lies in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.preprocess import preprocess
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, load_backbones, load_backbones_from
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.backbones.weights import Weights
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.unknown.directions import Directions, find_directions


@pytest.fixture(autouse=True)
def no_keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the cache of Keras on this machine plays no part."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


class Real:
    """A backbone with real weights, and its bottlenecks of real photos and of drawn flowers."""

    def __init__(self, backbone: Backbone, shared: Path) -> None:
        self.backbone, self._shared = backbone, shared
        size = backbone.model.input_size
        drawn = [preprocess(draw_flower(kind, seed), size) for kind in KINDS for seed in range(8)]
        self.drawn = backbone.features(drawn)
        self.flowers = self.of(*sorted((shared / "flower_photos").glob("*/*.jpg"))[::50])

    def of(self, *paths: Path) -> np.ndarray:
        """Bottlenecks of the photos ``paths``."""
        size = self.backbone.model.input_size
        return self.backbone.features([preprocess(path, size) for path in paths])

    def directions(self, features: np.ndarray) -> Directions | None:
        """Those found with these bottlenecks."""
        return find_directions(self.backbone, features)


@pytest.fixture(scope="module")
def real(shared: Path, once: Callable[[str, Callable[[Path], object]], Path]) -> dict[str, Real]:
    """The int8 backbones of two networks with the real weights."""

    def load(cache: Path) -> list[Backbone]:
        names = ("mobilenet_0.25_160", "mobilenet_0.25_224")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KERAS_HOME", str(shared / "keras_home"))
            return [load_backbones(cache, Architecture.parse(name), None, ("int8",))[0] for name in names]

    backbones = load(once("directions-backbones", load))
    return {backbone.architecture.name: Real(backbone, shared) for backbone in backbones}


def test_real_photos_and_drawings_fit_the_right_network(real: dict[str, Real]) -> None:
    """Thirty photos, or forty drawings, are enough; and with five photos beside the drawings too."""
    network = real["mobilenet_0.25_160"]
    for features in (network.flowers, network.drawn, np.concatenate([network.flowers[:5], network.drawn])):
        directions = network.directions(features)
        assert directions is not None
        assert directions.source == "ImageNet classifier of mobilenet_0.25_160 (comes with the trainer)"


def test_weights_without_a_classifier_anywhere_have_no_directions(real: dict[str, Real]) -> None:
    """None of the three files for width 0.25 belongs to 0.25_224, whose weights were trained apart."""
    network = real["mobilenet_0.25_224"]
    assert network.directions(network.flowers) is None
    assert network.directions(network.drawn) is None


def test_daisies_lie_in_the_direction_of_imagenets_daisy(real: dict[str, Real], shared: Path) -> None:
    """Of a thousand it is the nearest to the mean daisy, and one of the five nearest to two photos of three."""
    network = real["mobilenet_0.25_160"]
    daisies = network.of(*sorted((shared / "flower_photos" / "daisy").glob("*.jpg"))[:30])
    directions = network.directions(network.flowers)
    assert directions is not None and directions.names[985] == "daisy"
    assert (directions.vectors @ daisies.mean(axis=0)).argmax() == 985
    near = np.argsort(-daisies @ directions.vectors.T, axis=1)[:, :5]
    assert (near == 985).any(axis=1).mean() > 0.66


def test_graph_of_the_codelab_has_its_own_classifier(shared: Path, tmp_path: Path) -> None:
    """Photos of other things lie in the directions of their names."""
    graph = shared / "legacy" / "retrained_graph.pb"
    if not graph.is_file() or not (shared / "strangers").is_dir():
        pytest.skip("no graph of the codelab or no strangers in the folder of real photos and weights")
    weights = Weights(graph.name, graph, "")
    (backbone,) = load_backbones_from(tmp_path, Architecture(0.25, 128), weights, ("int8",))
    network = Real(backbone, shared)
    directions = network.directions(network.flowers)
    assert directions is not None and directions.source == "classifier in retrained_graph.pb"
    paths = sorted((shared / "strangers").glob("*.jpg"))[::8]
    near = np.argsort(-network.of(*paths) @ directions.vectors.T, axis=1)[:, :5]
    named = [[directions.names[place].replace(" ", "_") for place in row] for row in near]
    right = sum(path.stem in row for path, row in zip(paths, named, strict=True))
    assert len(paths) == 50 and right > 20


def test_file_of_google_brings_its_classifier(shared: Path) -> None:
    """Its own layer, uint8, is used; and no packaged one, since Google trained these weights apart."""
    path = shared / "tflite" / "mobilenet_v1_0.25_128_quant.tflite"
    if not path.is_file():
        pytest.skip("no network of Google in the folder of real photos and weights")
    network = Real(foreign_backbone(path.read_bytes(), path.name).backbone, shared)
    directions = find_directions(network.backbone, network.flowers, path)
    assert directions is not None and directions.source == f"classifier in {path.name}"
    assert directions.vectors.shape == (1000, 256) and directions.names[985] == "daisy"
    assert find_directions(network.backbone, network.flowers) is None
