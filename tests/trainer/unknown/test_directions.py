"""Where directions come from, the best first, and that those of another network are not used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.preprocess import preprocess
from support.keras_files import write_classifier
from support.toy_networks import embedder
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, backbone_of_layers, load_backbones, load_backbones_from
from trainer.backbones.classifier_weights import read_classifier
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.backbones.packaged_weights import GRAPH, installed
from trainer.backbones.read_layers import random_layers
from trainer.backbones.weights import Weights, keras_file_with_top
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.unknown.directions import Directions, find_directions
from trainer.unknown.packaged_directions import imagenet_names, packaged_directions, unit_rows

NETWORK = Architecture(0.25, 160)
RANDOM = Weights("random", None, "")


@pytest.fixture(autouse=True)
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of Keras, with nothing in it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "models").mkdir(parents=True)
    return tmp_path / "keras"


@pytest.fixture(scope="module")
def untrained() -> Backbone:
    """A network with random weights: what is tested here is which directions are chosen for its bottlenecks."""
    return backbone_of_layers(NETWORK, random_layers(NETWORK), "float32", RANDOM)


def looking_like(vectors: np.ndarray) -> np.ndarray:
    """Bottlenecks (60, values) to which ``vectors`` belong."""
    random = np.random.default_rng(4)
    noise = random.exponential(1 / 16, (60, vectors.shape[1]))
    return np.maximum(noise + vectors[random.integers(0, len(vectors), 60)], 0).astype(np.float32)


def rows(classes: int, values: int, seed: int = 5) -> np.ndarray:
    """The weights of a classifier."""
    return np.random.default_rng(seed).normal(size=(classes, values)).astype(np.float32)


def found(backbone: Backbone, features: np.ndarray, file: Path | None = None) -> tuple[Directions | None, list[str]]:
    """The directions, and the messages."""
    lines: list[str] = []
    return find_directions(backbone, features, file, lines.append), lines


def test_packaged_directions_have_the_name_of_the_network(untrained: Backbone) -> None:
    """They need no file of weights."""
    directions, lines = found(untrained, looking_like(packaged_directions(NETWORK.name)))
    assert directions is not None and lines == []
    assert directions.source == "ImageNet classifier of mobilenet_0.25_160 (comes with the trainer)"
    assert directions.names == imagenet_names()
    assert np.array_equal(directions.vectors, packaged_directions(NETWORK.name))


def test_one_set_of_weights_may_serve_several_sizes(untrained: Backbone) -> None:
    """If the directions of another size belong to the backbone, these are used."""
    directions, _ = found(untrained, looking_like(packaged_directions("mobilenet_0.25_192")))
    assert directions is not None and "mobilenet_0.25_192" in directions.source


def test_directions_of_other_weights_are_not_used(untrained: Backbone) -> None:
    """One line says so."""
    directions, lines = found(untrained, looking_like(unit_rows(rows(1000, 256))))
    assert directions is None
    assert lines == [
        "the ImageNet classifier of mobilenet_0.25_160 (comes with the trainer) does not belong to this backbone: "
        "it is not used"
    ]


def test_classifier_of_the_weights_is_the_best(untrained: Backbone, tmp_path: Path) -> None:
    """The file of weights has the top layer: its rows are the directions, in full."""
    weights = rows(1000, 256)
    path = write_classifier(tmp_path / "weights.h5", weights)
    backbone = untrained._replace(weights=Weights("weights.h5", path, ""))
    directions, lines = found(backbone, looking_like(unit_rows(weights)))
    assert directions is not None and lines == []
    assert directions.source == "classifier in weights.h5"
    assert directions.names == imagenet_names()
    assert np.array_equal(directions.vectors, unit_rows(weights))


def test_keras_weights_with_the_top_are_found(untrained: Backbone) -> None:
    """They lie beside those without it, under the name that Keras gives them."""
    weights = rows(1000, 256)
    path = write_classifier(keras_file_with_top(NETWORK), weights)
    assert path.name == "mobilenet_2_5_160_tf.h5"
    directions, _ = found(untrained, looking_like(unit_rows(weights)))
    assert directions is not None and directions.source == "classifier in mobilenet_2_5_160_tf.h5"


def test_top_of_other_weights_is_passed_by(untrained: Backbone) -> None:
    """The classifier in Keras' cache belongs to other weights; the packaged one fits, and is used."""
    write_classifier(keras_file_with_top(NETWORK), rows(1000, 256))
    directions, lines = found(untrained, looking_like(packaged_directions(NETWORK.name)))
    assert directions is not None and "comes with the trainer" in directions.source
    assert lines == [
        "the classifier in mobilenet_2_5_160_tf.h5 does not belong to this backbone: it is not used",
    ]


def test_offline_extra_serves_weights_that_are_not_its_own(offline: None, untrained: Backbone) -> None:
    """A backbone of width 1.0 that was cut out of a model file: if the graph's classifier belongs to it, it is used."""
    architecture, path = Architecture(1.0, 128), installed(GRAPH)
    assert path is not None
    weights = read_classifier(path, architecture)
    assert weights is not None
    wide = untrained._replace(architecture=architecture)
    directions, _ = found(wide, looking_like(unit_rows(weights[1:])))
    assert directions is not None and directions.source == "classifier in retrained_graph.pb"


def test_damaged_file_is_named(untrained: Backbone) -> None:
    """Then the packaged directions are used."""
    keras_file_with_top(NETWORK).write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    directions, lines = found(untrained, looking_like(packaged_directions(NETWORK.name)))
    assert directions is not None and "comes with the trainer" in directions.source
    (line,) = lines
    assert "mobilenet_2_5_160_tf.h5: no classifier can be read" in line


@pytest.mark.parametrize(("outputs", "taken"), [(1001, True), (1000, True), (999, False), (7, False)])
def test_layer_that_was_cut_off_a_network(tmp_path: Path, outputs: int, taken: bool) -> None:
    """A thousand classes, with or without the background, are ImageNet's; an embedder's projection is no classifier."""
    path = tmp_path / "theirs.tflite"
    path.write_bytes(embedder().dense(outputs).softmax().content())
    brought = foreign_backbone(path.read_bytes(), path.name).backbone
    network = embedder().dense(outputs)
    layer = network.graph.tensors[network.graph.operators[-1].inputs[1]]
    weights = np.frombuffer(np.asarray(network.model.buffers[layer.buffer].data, np.uint8).tobytes(), "<f4")
    vectors = unit_rows(weights.reshape(outputs, -1))[outputs % 1000 :] if taken else np.eye(16, dtype=np.float32)
    directions, _ = found(brought, looking_like(vectors), path)
    if not taken:
        assert directions is None
        return
    assert directions is not None and directions.source == "classifier in theirs.tflite"
    assert directions.vectors.shape == (1000, 16) and len(directions.names) == 1000
    assert np.allclose(directions.vectors, vectors)
    assert found(brought, looking_like(vectors))[0] is None


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
