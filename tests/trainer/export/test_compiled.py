"""The file for an Edge TPU: the head of the file for the processor, behind the same network as it was compiled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.distance import Distance
from edge.inference.gate import Gate
from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from edge.modelfile.metadata import unpack_files
from edge.modelfile.model_file import ModelFile
from edge.modelfile.provenance import Provenance
from support import tiny
from support.toy_networks import NONE, ToyNetwork, classifier, embedder
from trainer.backbones.backbone import Backbone, as_model
from trainer.backbones.cut_head import cut_head
from trainer.backbones.foreign.compiled import CompiledNetwork, compiled_network
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.export.compiled import compiled_path, export_compiled, read_head
from trainer.export.export import _draft, seal
from trainer.export.quantized_head import quantize_head
from trainer.export.splice import splice_head
from trainer.head.linear import Head
from trainer.photos.split import SPLITS
from trainer.tflite import read_model, write_model

LABELS = ("blue", "green", "red")
TPU = "edgetpu-custom-op"


def compiled_bytes(kind: str = "uint8", shape: tuple[int, ...] = (1, 1, 1, 16), **changes: Any) -> bytes:
    """What the compiler makes of the toy embedder: one custom operator from its input to its output."""
    network = ToyNetwork(kind, **changes)
    network.graph.operators.clear()
    network.tensor = network.image
    return network.custom(TPU, shape, b"\7" * 4000).content()


def twin(kind: str = "uint8") -> Backbone:
    """The toy embedder as it runs here."""
    return foreign_backbone(embedder(kind).content(), "toy.tflite").backbone


def patterns(backbone: Backbone) -> list[np.ndarray]:
    """Sixteen pictures."""
    return [pattern for seed in range(4) for pattern in make_patterns(seed, backbone.model.input_size)]


def finished(backbone: Backbone, spread: float = 1.0, gate: Gate | None = None) -> bytes:
    """A model file with a random head; a large ``spread`` makes one weight so large that it has factors."""
    features = backbone.features(patterns(backbone))
    weights = np.random.default_rng(0).normal(0, 1, (16, 3))
    weights[features.max(axis=0).argmin()] *= spread
    head = Head(weights, np.zeros(3))
    provenance = Provenance(foreign=backbone.foreign, note="a note")
    counts = {label: dict.fromkeys(SPLITS, 0) for label in LABELS}
    return seal(_draft(backbone, head, features, LABELS, counts, provenance, gate), None, None, 0.5)


def gate() -> Gate:
    """A gate for 16 features, with a distance."""
    some = np.ones((1, 16), np.int8)
    distance = Distance(np.zeros(16, np.float32), some, 0.25, np.ones(1, np.float32), 1.0, -3.0, 1.0, 0.0)
    return Gate(np.ones(16, np.float32), some, 0.25, 1.0, 1.0, 0.0, distance)


def flatbuffer(content: bytes) -> bytes:
    """The bytes before the zip."""
    return content[: unpack_files(content).flatbuffer_bytes]


def with_network_in_it(content: bytes, backbone: Backbone) -> bytes:
    """The flatbuffer of a file for an Edge TPU, its custom operator replaced by the operators that it stands for."""
    tree, inner = read_model(flatbuffer(content)), read_model(backbone.model.content)
    (graph,), (other,) = tree.subgraphs, inner.subgraphs
    place = next(i for i, operator in enumerate(graph.operators) if operator.customOptions is not None)
    custom = graph.operators[place]
    tensors, buffers, codes = len(graph.tensors), len(tree.buffers), len(tree.operatorCodes)
    toy_end = next(  # the tensor that the compiled network ends in, before it becomes an int8 row
        index for index, tensor in enumerate(other.tensors) if tuple(tensor.shape) == (1, 1, 1, 16) and tensor.type == 3
    )
    renamed = {int(other.inputs[0]): int(custom.inputs[0]), toy_end: int(custom.outputs[0])}

    def moved(numbers: np.ndarray) -> np.ndarray:
        return np.array([renamed.get(int(n), int(n) + tensors) for n in numbers], np.int32)

    operators = []
    for operator in other.operators:
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
        operator.opcodeIndex = int(operator.opcodeIndex) + codes
        operators.append(operator)
        if int(custom.outputs[0]) in operator.outputs:
            break
    for tensor in other.tensors:
        tensor.buffer = int(tensor.buffer) + buffers
    graph.operators[place : place + 1] = operators
    graph.tensors += other.tensors
    tree.buffers += inner.buffers
    tree.operatorCodes += inner.operatorCodes
    return write_model(tree)


@pytest.mark.parametrize("spread", [1.0, 400.0])
def test_the_head_behind_the_compiled_network_is_that_of_the_file(spread: float) -> None:
    """With the network in place of its custom operator, the scores are those of the file for the processor."""
    backbone = twin()
    content = finished(backbone, spread)
    made = export_compiled(content, compiled_network(compiled_bytes(), "toy_edgetpu.tflite", backbone))
    run = as_model(with_network_in_it(made, backbone))
    here, there = (ImageInterpreter(model) for model in (ModelFile.from_bytes(content), run))
    for pattern in patterns(backbone):
        assert np.array_equal(here.raw_outputs(pattern), there.raw_outputs(pattern))


def test_the_file_says_that_it_was_not_run() -> None:
    """It has labels, threshold and the twin's scores with the widest tolerance; no accuracy and no gate."""
    backbone = twin()
    content = finished(backbone, gate=gate())
    compiled = compiled_network(compiled_bytes(), "toy_edgetpu.tflite", backbone)
    model, made = ModelFile.from_bytes(content), ModelFile.from_bytes(export_compiled(content, compiled))
    assert made.manifest is not None and model.manifest is not None
    assert made.labels == LABELS
    assert (made.input[1:], made.output[1:]) == (model.input[1:], model.output[1:])
    assert model.manifest.gate is not None and model.manifest.distance is not None
    assert (made.manifest.accuracy, made.manifest.score_threshold) == (None, 0.5)
    assert (made.manifest.gate, made.manifest.distance) == (None, None)
    assert made.manifest.self_test.expected == model.manifest.self_test.expected
    assert (made.manifest.self_test.tolerance, made.manifest.self_test.other_tolerance) == (0.1, 0.1)
    digest = hashlib.sha256(compiled_bytes()).hexdigest()
    note = made.manifest.provenance.note or ""
    assert note.startswith(f"a note; for an Edge TPU, on toy_edgetpu.tflite (sha256 {digest}): it was not run when")
    assert (made.manifest.architecture, made.manifest.quantization) == ("toy", "int8")
    operators = read_model(flatbuffer(made.content)).subgraphs[0].operators
    assert bytes(operators[0].customOptions) == b"\7" * 4000


def test_it_does_not_run_on_a_processor() -> None:
    """The message says so, also if its backbone is asked for."""
    backbone = twin()
    compiled = compiled_network(compiled_bytes(), "toy_edgetpu.tflite", backbone)
    made = ModelFile.from_bytes(export_compiled(finished(backbone), compiled))
    with pytest.raises(ModelError, match=r"was compiled for an Edge TPU: give --delegate libedgetpu\.so\.1"):
        Classifier(made, runtime="litert")
    with pytest.raises(ModelError, match="compiled for an Edge TPU and cannot run on this processor"):
        cut_head(made)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (embedder("uint8").content(), "it was not compiled for an Edge TPU"),
        (
            compiled_bytes(shape=(1, 7)),
            "a classifier that was compiled whole cannot be cut: compile the network without",
        ),
        (compiled_bytes(steps=(1 / 255, 0)), "it takes uint8 .* in steps of 0.00392157 from 0 and its twin uint8"),
        (compiled_bytes("float32"), "it takes float32"),
        (compiled_bytes()[:300], "damaged|offset|identifier"),
    ],
)
def test_what_is_not_the_same_network_is_refused(content: bytes, reason: str) -> None:
    """One line says what differs from the network of --backbone."""
    with pytest.raises(ModelError, match=reason) as raised:
        compiled_network(content, "other.tflite", twin())
    assert "\n" not in str(raised.value)


def test_a_twin_with_float_features_is_refused() -> None:
    """A head in integers cannot be fitted on them: one line, before anything is written."""
    floats = foreign_backbone(classifier(), "toy.tflite").backbone
    with pytest.raises(ModelError, match=r"its twin's features are floats \(float32\)"):
        compiled_network(compiled_bytes(), "toy_edgetpu.tflite", floats)


def test_a_compiled_network_with_its_last_layer_on_the_processor() -> None:
    """A compiled network may end in operators for the processor: what is behind its last layer is cut off too."""
    network = ToyNetwork("uint8")
    network.graph.operators.clear()
    network.tensor = network.image
    content = network.custom(TPU, (1, 1, 1, 16)).convolve(7, NONE).row().softmax().content()
    compiled = compiled_network(content, "toy_edgetpu.tflite", twin())
    assert isinstance(compiled, CompiledNetwork)
    alone = compiled_network(compiled_bytes(), "toy_edgetpu.tflite", twin())
    codes = [[code.customCode for code in read_model(each.model.content).operatorCodes] for each in (compiled, alone)]
    assert codes[0] == codes[1]


@pytest.mark.parametrize("spread", [1.0, 400.0])
def test_a_head_is_read_as_it_was_spliced(spread: float) -> None:
    """Every number of it, with and without factors."""
    weights = np.random.default_rng(0).normal(0, 0.3, (tiny.FEATURES, 3))
    weights[0] *= spread
    backbone = tiny.backbone()
    features = backbone.features(patterns(backbone))
    features[:, 0] = 0.02
    head = quantize_head(Head(weights, np.array([0.1, -0.2, 0.1])), features, backbone.model.output)
    tree = read_model(tiny.backbone_bytes())
    splice_head(tree, head)
    found = read_head(read_model(write_model(tree)))
    assert (head.factors is not None) == (spread > 1)
    for name, wanted in head._asdict().items():
        np.testing.assert_array_equal(getattr(found, name), wanted, err_msg=name)


def test_the_name_of_the_file() -> None:
    """As Google's compiler names it."""
    assert compiled_path(Path("models/flowers.tflite")) == Path("models/flowers_edgetpu.tflite")
    assert compiled_path(Path("flowers")) == Path("flowers_edgetpu.tflite")
