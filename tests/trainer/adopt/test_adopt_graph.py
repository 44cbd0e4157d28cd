"""Graphs of the codelab become files of ours: the same network and labels, in every quantization."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DataError
from edge.inference.classifier import Classifier
from edge.inference.self_test import make_patterns, run_self_test
from edge.modelfile.model_file import ModelFile
from edge.preprocess import preprocess
from support.codelab import CodelabGraph
from support.complaint import complaint
from support.frozen_graphs import run_graph
from trainer.adopt.adopt_graph import adopt_graph
from trainer.adopt.codelab_graph import read_codelab_graph
from trainer.backbones.architectures import QUANTIZATIONS, Architecture
from trainer.backbones.cut_head import cut_head
from trainer.photos.drawn_flowers import KINDS, draw_flower

NARROW = Architecture(0.25, 128)
LABELS = ("lion", "tiger", "bear")


@pytest.fixture(scope="module")
def graph_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph with three labels."""
    return CodelabGraph(NARROW, len(LABELS)).write(tmp_path_factory.mktemp("codelab") / "retrained_graph.pb")


def test_both_layers_are_one(graph_file: Path) -> None:
    """The head on the bottleneck gives what the ImageNet classifier and the codelab's layer behind it give."""
    made, read = CodelabGraph(NARROW, len(LABELS)), read_codelab_graph(graph_file)
    assert read.architecture == NARROW
    features = np.random.default_rng(0).uniform(0, 6, (5, 256))
    logits = features @ made.weights[0].astype(float) + made.biases[0]
    expected = logits @ made.weights[1].astype(float) + made.biases[1]
    assert np.allclose(read.head.logits(features), expected, atol=1e-9)


def test_the_newer_script_of_the_codelab(tmp_path: Path) -> None:
    """Names of the last layer do not matter, nor that it stands on the bottleneck itself."""
    made = CodelabGraph(Architecture(0.5, 160), 2, scope="final_retrain_ops")
    made.node("final_retrain_ops/matmul").input[0] = "pool"
    weights = np.random.default_rng(1).normal(size=(512, 2))
    made.constant("own", weights)
    made.node("final_retrain_ops/matmul").input[1] = "own"
    read = read_codelab_graph(made.write(tmp_path / "graph.pb"))
    assert read.architecture == Architecture(0.5, 160)
    assert np.allclose(read.head.weights, weights.astype("<f4"))


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_the_file(graph_file: Path, quantization: str) -> None:
    """It carries labels, origin and self-test, and agrees with the network in floats as its quantization allows."""
    found = adopt_graph(graph_file, LABELS, quantization)
    model = ModelFile.from_bytes(found.adopted.content)
    assert model.labels == LABELS
    assert model.manifest is not None
    assert (model.manifest.architecture, model.manifest.quantization) == (NARROW.name, quantization)
    assert model.manifest.accuracy is None
    assert model.manifest.provenance.adopted_from == "retrained_graph.pb"
    assert run_self_test(Classifier(model)).passed
    assert cut_head(model).model.sha256 == model.manifest.provenance.backbone_sha256
    pictures, same, largest = found.agreement
    assert pictures == 40
    assert same >= {"float32": 40, "float16": 40}.get(quantization, 36)
    assert largest < {"float32": 1e-5, "float16": 0.02}.get(quantization, 0.1)


@pytest.mark.xdist_group("tensorflow")
def test_a_graph_of_the_codelab(shared: Path, tmp_path: Path, run_python) -> None:
    """The float file of a graph that the codelab's script made gives the scores that TensorFlow gives of it."""
    graph, labels = (shared / "legacy" / name for name in ("retrained_graph.pb", "retrained_labels.txt"))
    flowers = [preprocess(draw_flower(kind, 3), (128, 128)) for kind in KINDS]
    pictures = np.stack([*make_patterns(7, (128, 128)), *flowers])
    expected = run_graph(run_python, graph, "final_result:0", pictures, tmp_path)
    names = tuple(labels.read_text().splitlines())
    classifier = Classifier(ModelFile.from_bytes(adopt_graph(graph, names, "float32").adopted.content))
    assert np.abs(np.stack([classifier.scores(picture) for picture in pictures]) - expected).max() < 1e-4
    assert len(np.unique(expected.argmax(axis=1))) > 1


def _foreign(graph: CodelabGraph) -> None:
    graph.add("quantized", "FakeQuantWithMinMaxVars", "pool")


def _circle(graph: CodelabGraph) -> None:
    graph.node("squeeze").input[0] = "placeholder"


def _two_ends(graph: CodelabGraph) -> None:
    graph.add("other", "Softmax", "pool")


def _no_end(graph: CodelabGraph) -> None:
    graph.graph.node.remove(graph.node("final_result"))


def _no_linear_layer(graph: CodelabGraph) -> None:
    graph.node("final_training_ops/add").op = "Mul"


def _other_size(graph: CodelabGraph) -> None:
    for dimension in graph.node("input").attr["shape"].shape.dim[1:3]:
        dimension.size = 100


def _other_width(graph: CodelabGraph) -> None:
    graph.node("logits/convolution").input[1] = "final_training_ops/weights"


def _short_constant(graph: CodelabGraph) -> None:
    tensor = graph.node("MobilenetV1/Conv2d_0/weights").attr["value"].tensor
    tensor.tensor_content = tensor.tensor_content[:-4]


def _half_a_float(graph: CodelabGraph) -> None:
    tensor = graph.node("final_training_ops/weights").attr["value"].tensor
    tensor.tensor_content = tensor.tensor_content[:-2]


def _scalar_kernel(graph: CodelabGraph) -> None:
    tensor = graph.node("MobilenetV1/Conv2d_0/weights").attr["value"].tensor
    tensor.tensor_content = tensor.tensor_content[:4]
    del tensor.tensor_shape.dim[:]


def _no_number(graph: CodelabGraph) -> None:
    graph.constant("nan", np.full(3, np.nan))
    graph.node("final_training_ops/add").input[1] = "nan"


def _one_bias(graph: CodelabGraph) -> None:
    graph.constant("one", np.ones(1))
    graph.node("final_training_ops/add").input[1] = "one"


def _one_gamma(graph: CodelabGraph) -> None:
    graph.graph.node.remove(graph.node("MobilenetV1/Conv2d_0/BatchNorm/gamma"))
    graph.constant("MobilenetV1/Conv2d_0/BatchNorm/gamma", np.ones(1))


def _one_label(graph: CodelabGraph) -> None:
    graph.constant("one", np.ones((1001, 1)))
    graph.constant("bias", np.ones(1))
    graph.node("final_training_ops/matmul").input[1] = "one"
    graph.node("final_training_ops/add").input[1] = "bias"


def _wide_product(graph: CodelabGraph) -> None:
    graph.constant("column", np.ones((30_000, 1)))
    graph.constant("row", np.ones((1, 30_000)))
    graph.constant("one", np.ones(1))
    graph.constant("many", np.ones(30_000))
    graph.node("logits/convolution").input[1], graph.node("logits/add").input[1] = "column", "one"
    graph.node("final_training_ops/matmul").input[1], graph.node("final_training_ops/add").input[1] = "row", "many"


def _many_nodes(graph: CodelabGraph) -> None:
    for number in range(5000):
        graph.add(f"same{number}", "Identity", "final_result")


def _inception(graph: CodelabGraph) -> None:
    del graph.graph.node[:]
    graph.add("DecodeJpeg/contents", "Const")
    graph.add("pool_3/_reshape", "Reshape")


def _saved_model(graph: CodelabGraph) -> None:
    del graph.graph.node[:]


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (_foreign, "the operator FakeQuantWithMinMaxVars is none of the codelab's MobileNet"),
        (_circle, "its layers run in a circle"),
        (_two_ends, "2 softmaxes at its end"),
        (_no_end, "0 softmaxes at its end"),
        (_no_linear_layer, "a Mul behind a MatMul where a linear layer should be"),
        (_other_size, "a MobileNet v1 of width 0.25 and 100 pixels is none of the sixteen"),
        (_other_width, "retrained_graph.pb: "),
        (_short_constant, "the constant MobilenetV1/Conv2d_0/weights has not the bytes of its shape"),
        (_half_a_float, "the constant final_training_ops/weights has not the bytes of its shape"),
        (_scalar_kernel, "retrained_graph.pb: "),
        (_no_number, "values that are no finite numbers"),
        (_one_bias, "weights of the shape (1001, 3) with a bias of (1,)"),
        (_one_gamma, "conv1_bn has other shapes than its convolution"),
        (_one_label, "it has 1 output, and a classifier has two or more"),
        (_wide_product, "layers of the shapes (30000, 1) and (1, 30000) behind each other"),
        (_many_nodes, "nodes, more than any graph of the codelab"),
        (_inception, "but Inception v3, which the codelab's script takes if no other is named"),
        (_saved_model, "no graph in it: if it is of a SavedModel, convert it with"),
    ],
)
def test_other_graphs_are_refused(tmp_path: Path, damage, line: str) -> None:  # type: ignore[no-untyped-def]
    """One line says what was found; no memory is taken beyond the file."""
    graph = CodelabGraph(NARROW, 3)
    damage(graph)
    with pytest.raises(DataError) as caught:
        read_codelab_graph(graph.write(tmp_path / "retrained_graph.pb"))
    assert line in str(caught.value) and "\n" not in str(caught.value)


def test_a_reshape_behind_the_softmax(tmp_path: Path) -> None:
    """As in the graphs that Google published."""
    graph = CodelabGraph(NARROW, 3)
    graph.add("Reshape_1", "Reshape", "final_result")
    assert len(read_codelab_graph(graph.write(tmp_path / "graph.pb")).head.bias) == 3


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_graph_that_was_cut_short(tmp_path: Path, graph_file: Path, share: float) -> None:
    """It is no graph, or a constant is missing."""
    content = graph_file.read_bytes()
    (tmp_path / "cut.pb").write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"cut\.pb: "):
        read_codelab_graph(tmp_path / "cut.pb")


def test_the_command(trainer, graph_file: Path, tmp_path: Path) -> None:
    """It writes the file, says how well it agrees, and needs the labels."""
    labels = tmp_path / "retrained_labels.txt"
    labels.write_text("\n".join(LABELS))
    output = tmp_path / "zoo.tflite"
    done = trainer("adopt", graph_file, "--labels", labels, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("the file gives the graph's label for ")
    assert done.stdout.splitlines()[-1] == str(output)
    assert ModelFile.load(output).labels == LABELS
    printed = json.loads(trainer("adopt", graph_file, "--labels", labels, "--output", output, "--json").stdout)
    assert printed["agreement"]["pictures"] == 40
    assert printed["quantization"] == "int8"
    line = complaint(trainer("adopt", graph_file), 2)
    assert line.endswith("has no labels in it; give the codelab's file: --labels retrained_labels.txt")
    assert "leave out --mean" in complaint(trainer("adopt", graph_file, "--labels", labels, "--mean", "0"), 2)
    labels.write_text("one\ntwo\n")
    line = complaint(trainer("adopt", graph_file, "--labels", labels, "--output", tmp_path / "no.tflite"), 65)
    assert line == "retrained_graph.pb has 3 outputs, not 2: give the label file that belongs to it"
    for text, line in (
        ("one\n\ntwo\nthree\n", "retrained_graph.pb has 3 outputs, not 4: delete the empty lines of the label file"),
        ("one\n\nthree\n\n", "label 2 is blank: each class needs a name; write it into the file of --labels"),
    ):
        labels.write_text(text)
        assert (
            complaint(trainer("adopt", graph_file, "--labels", labels, "--output", tmp_path / "no.tflite"), 65) == line
        )
    assert not (tmp_path / "no.tflite").exists()
