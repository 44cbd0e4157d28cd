"""Where directions come from, the best first, and that those of another network are not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import given_normalization
from edge.modelfile.provenance import Provenance
from support.keras_files import write_classifier
from support.toy_networks import embedder
from trainer.adopt.adopt import adopt
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import Backbone, backbone_of_layers
from trainer.backbones.classifier_weights import read_classifier
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.backbones.foreign.last_layer import read_last_layer
from trainer.backbones.packaged_weights import GRAPH, installed
from trainer.backbones.read_layers import random_layers
from trainer.backbones.weights import Weights, keras_file_with_top
from trainer.export.export import export_unmeasured
from trainer.head.linear import Head
from trainer.retraining.given_backbone import read_given
from trainer.unknown.directions import Directions, find_directions
from trainer.unknown.fit_test import fits
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
        "the ImageNet classifier of mobilenet_0.25_160 (comes with the trainer) is not used: it does not belong to "
        "this backbone, or the photos are too unlike ImageNet's to tell"
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
        "the classifier in mobilenet_2_5_160_tf.h5 is not used: it does not belong to this backbone, or the photos are "
        "too unlike ImageNet's to tell",
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


def test_damaged_file_does_not_end_the_search(untrained: Backbone, tmp_path: Path) -> None:
    """The file of the weights is damaged; the next one, in Keras' cache, is read and used."""
    damaged, weights = tmp_path / "weights.h5", rows(1000, 256)
    damaged.write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    write_classifier(keras_file_with_top(NETWORK), weights)
    backbone = untrained._replace(weights=Weights("weights.h5", damaged, ""))
    directions, lines = found(backbone, looking_like(unit_rows(weights)))
    assert directions is not None and directions.source == "classifier in mobilenet_2_5_160_tf.h5"
    (line,) = lines
    assert "weights.h5: no classifier can be read" in line


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


MANY = tuple(f"thing {number}" for number in range(120))


def test_adopted_file_has_kept_its_classifier(tmp_path: Path) -> None:
    """With a label for each of at least a hundred outputs, its layer gives directions."""
    network = embedder().dense(120)
    rows_of_layer = read_last_layer(network.softmax().content())
    assert rows_of_layer is not None
    path = tmp_path / "adopted.tflite"
    model = ModelFile.from_bytes(network.content(), MANY, given_normalization(input_range=(-1, 1)))
    path.write_bytes(adopt(model, "theirs.tflite").content)
    directions, lines = found(read_given(path).backbone, looking_like(unit_rows(rows_of_layer)), path)
    assert directions is not None and lines == []
    assert directions.names == MANY and np.allclose(directions.vectors, unit_rows(rows_of_layer))


def test_head_of_the_user_is_no_classifier_of_other_things(tmp_path: Path) -> None:
    """A file of ours on a network of another project: its last layer knows the user's own classes."""
    brought = foreign_backbone(embedder().dense(7).softmax().content(), "theirs.tflite").backbone
    weights = np.abs(rows(120, 16)) ** 3
    head, samples = Head(weights.T.astype(np.float64), np.zeros(120)), looking_like(unit_rows(weights))
    assert fits(samples, unit_rows(weights))
    path = tmp_path / "ours.tflite"
    path.write_bytes(
        export_unmeasured(brought, head, samples=samples, labels=MANY, provenance=Provenance(foreign="cut"))
    )
    backbone = read_given(path).backbone
    assert backbone.foreign == "cut"
    assert found(backbone, samples, path) == (None, [])
