"""A network of another project as a backbone: what it computes, on both interpreters, and its way into a file."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edge.errors import ModelError
from edge.inference.classifier import Classifier
from edge.inference.interpreter import dequantize, installed_runtimes
from edge.inference.model_input import ModelInput
from edge.inference.self_test import make_patterns, run_self_test
from edge.modelfile.metadata import BUFFER_NAME
from edge.modelfile.model_file import ModelFile
from edge.modelfile.normalization import GIVEN, Normalization, from_range
from edge.modelfile.provenance import Provenance
from edge.modelfile.structure import TensorSpec
from support.head_scores import INT8_ATOL, head_scores
from support.toy_networks import NONE, ToyNetwork, classifier, embedder, with_outside_weights
from trainer.backbones.backbone import Backbone
from trainer.backbones.cut_head import cut_head
from trainer.backbones.foreign.cut_point import find_cut
from trainer.backbones.foreign.foreign_backbone import foreign_backbone
from trainer.backbones.foreign.network import ForeignNetwork, network_name
from trainer.backbones.foreign.read_file import read_foreign
from trainer.backbones.foreign.tree_view import TreeView
from trainer.export.export import export_unmeasured
from trainer.export.metadata import classifier_metadata
from trainer.head.linear import Head
from trainer.tflite import read_model, set_signature, write_model

LABELS = ("blue", "green", "red")


def from_an_old_converter(content: bytes) -> bytes:
    """The same file with the numbers of its operators in the old field alone."""
    tree = read_model(content)
    for code in tree.operatorCodes:
        code.builtinCode = 0
    return write_model(tree)


NETWORKS: dict[str, bytes] = {
    **{
        f"{kind} {layer}": classifier(kind, layer=layer)
        for kind in ("float32", "uint8", "int8")
        for layer in ("convolution", "dense")
    },
    **{f"{kind} embedder": embedder(kind).content() for kind in ("float32", "uint8", "int8")},
    **{f"{kind} map": ToyNetwork(kind).convolve(16).content() for kind in ("float32", "uint8", "int8")},
    **{
        f"{kind} in floats": ToyNetwork(kind, float_input=True)
        .convolve(16)
        .average()
        .convolve(7, NONE)
        .row()
        .softmax()
        .convert("DEQUANTIZE", "float32")
        .content()
        for kind in ("uint8", "int8")
    },
    "unit length": embedder().row().plain("L2_NORMALIZATION").content(),
    "squares": embedder("int8").row().square().content(),
    "wide": embedder(size=(32, 48)).content(),
    "grey": classifier(channels=1),
    "grey uint8": classifier("uint8", channels=1),
    "from an old converter": from_an_old_converter(classifier("uint8")),
}


def patterns(backbone: Backbone) -> list[np.ndarray]:
    """Sixteen chequered pictures for ``backbone``."""
    return [pattern for seed in range(4) for pattern in make_patterns(seed, backbone.model.input_size)]


def original(content: bytes, pictures: list[np.ndarray]) -> np.ndarray:
    """The tensor at which the network is cut, as the given file computes it; a map is averaged."""
    file = read_foreign(content)
    view = TreeView(file.tree)
    tensor = find_cut(view).tensor
    interpreter = Interpreter(model_content=content, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    rows = []
    for picture in pictures:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], ModelInput(file.model).tensor(picture))
        interpreter.invoke()
        values = interpreter.get_tensor(tensor)[0]
        steps = view.steps(tensor) or (0.0, 0)
        values = dequantize(values, TensorSpec("", values.shape, values.dtype, *steps))
        rows.append(values.mean(axis=(0, 1)) if values.ndim == 3 else values)
    return np.stack(rows)


def head_for(features: np.ndarray) -> Head:
    """A random head whose logits spread over a few nats."""
    weights = np.random.default_rng(0).normal(0, 1, (features.shape[1], len(LABELS))) / (
        features.std(axis=0)[:, None] + 0.1
    )
    weights *= 1.5 / (features @ weights).std()
    return Head(weights, -(features @ weights).mean(axis=0))


def exported(backbone: Backbone, head: Head) -> ModelFile:
    """The model file of ``backbone`` with ``head``."""
    provenance = Provenance(
        weights=backbone.weights.origin, weights_sha256=backbone.weights.sha256, foreign=backbone.foreign
    )
    samples = backbone.features(patterns(backbone))
    return ModelFile.from_bytes(
        export_unmeasured(backbone, head, samples=samples, labels=LABELS, provenance=provenance)
    )


@pytest.mark.parametrize("content", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_bottlenecks_are_what_the_network_computes(content: bytes, runtime: str) -> None:
    """They are the values of the given file at the cut, on each interpreter; 8-bit ones within six steps."""
    backbone = foreign_backbone(content, "toy.tflite").backbone
    pictures = patterns(backbone)
    expected, found = original(content, pictures), backbone.features(pictures, runtime)
    assert found.shape == (16, 16)
    atol = 6.5 * 6 / 255 if backbone.quantization == "int8" else 1e-5
    np.testing.assert_allclose(found, expected.reshape(16, -1), atol=atol)
    assert found.std() > 0.05


@pytest.mark.parametrize("content", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_the_file_computes_the_head_on_the_bottlenecks(content: bytes, runtime: str) -> None:
    """Its scores are softmax of the head on the interpreter's bottlenecks, computed by numpy, and it tests itself."""
    backbone = foreign_backbone(content, "toy.tflite").backbone
    features = backbone.features(patterns(backbone), runtime)
    head = head_for(features)
    model = exported(backbone, head)
    found = Classifier(model, runtime=runtime)
    scores = np.stack([found.scores(picture) for picture in patterns(backbone)])
    expected = head_scores(model, head, features, backbone.model.output)
    np.testing.assert_allclose(scores, expected, atol=INT8_ATOL if backbone.quantization == "int8" else 1e-5)
    assert run_self_test(found).passed


@pytest.mark.parametrize("content", NETWORKS.values(), ids=NETWORKS)
def test_a_file_gives_its_network_back(content: bytes) -> None:
    """Cutting the head off leaves every byte of the backbone, its name, its pixels and where it came from."""
    backbone = foreign_backbone(content, "my network.tflite").backbone
    cut = cut_head(exported(backbone, head_for(backbone.features(patterns(backbone)))))
    assert cut.model.content == backbone.model.content
    assert cut._replace(model=backbone.model) == backbone
    assert cut.model.normalization[:2] == pytest.approx(backbone.model.normalization[:2])
    assert cut.architecture == ForeignNetwork("my-network", max(backbone.model.input_size), backbone.foreign or "")


def test_old_uint8_values_become_int8_exactly() -> None:
    """The bottleneck of a uint8 network is its uint8 values minus 128, with the same scale."""
    backbone = foreign_backbone(embedder("uint8").content(), "old.tflite").backbone
    assert (backbone.quantization, backbone.model.output.dtype) == ("int8", np.int8)
    assert (backbone.model.output.scale, backbone.model.output.zero_point) == (pytest.approx(6 / 255), -128)
    assert foreign_backbone(embedder("uint8").content(), "old.tflite").backbone.model.sha256 == backbone.model.sha256


def test_what_is_behind_the_cut_is_not_in_the_file() -> None:
    """Operators, weights, kernels, metadata and signatures of the classifier are gone."""
    tree = read_model(classifier("int8", layer="dense"))
    set_signature(tree, "theirs")
    content = write_model(tree)
    cut = read_model(foreign_backbone(content, "toy.tflite").backbone.model.content)
    whole = foreign_backbone(embedder("int8").content(), "toy.tflite").backbone.model.content
    (graph,) = cut.subgraphs
    assert len(graph.operators) == 6  # uint8 pixels to int8, the grid, two layers, the average, the row
    assert len(cut.operatorCodes) == 4
    assert (graph.tensors[graph.inputs[0]].name, graph.tensors[graph.outputs[0]].name) == (b"image", b"bottleneck")
    assert cut.signatureDefs is None or len(cut.signatureDefs) == 0
    assert write_model(cut) == whole


@pytest.mark.parametrize("steps", [(2 / 255, -1), (1 / 255, -128), (4.8 / 255, -14)])
def test_8_bit_inputs_take_the_pixels(steps: tuple[float, int]) -> None:
    """An int8 input becomes uint8; its steps say which values the pixels stand for."""
    brought = foreign_backbone(classifier("int8", steps=steps), "toy.tflite")
    model = brought.backbone.model
    assert model.input.dtype == np.uint8
    assert (model.mean, model.std) == (pytest.approx(steps[1] + 128), pytest.approx(1 / steps[0]))
    assert ("not a usual range" in " ".join(brought.messages)) == (steps == (4.8 / 255, -14))


def test_a_given_range_of_an_8_bit_input_is_computed_by_the_graph() -> None:
    """If a pixel is to be another step than its own number, bottlenecks are those of the converted pixels."""
    content = classifier("int8", steps=(4.8 / 255, -14))
    plain = foreign_backbone(content, "toy.tflite").backbone
    given = foreign_backbone(content, "toy.tflite", Normalization(127.5, 60.0, GIVEN)).backbone
    pattern = patterns(plain)[0]
    steps = np.rint((pattern.astype(np.float64) - 127.5) / 60 / (4.8 / 255) - 14).clip(-128, 127) + 128
    expected = plain.features([steps.astype(np.uint8)])
    np.testing.assert_allclose(given.features([pattern]), expected, atol=1.5 * 6 / 255)
    assert given.model.sha256 != plain.model.sha256


def test_the_pixels_of_a_float_network_belong_to_its_bottlenecks() -> None:
    """What the file's metadata says counts; what is given counts more; each gives a backbone with a hash of its own."""
    content = classifier()
    noted = embedder().content(metadata={BUFFER_NAME: classifier_metadata("n", "d", (120.0, 110.0, 100.0), 60.0)})
    named = foreign_backbone(noted, "noted.tflite")
    assert named.backbone.model.mean == (120, 110, 100)
    assert "guess" not in " ".join(named.messages)
    found = {
        foreign_backbone(content, "toy.tflite", chosen).backbone.model.sha256
        for chosen in (None, from_range(0, 1, GIVEN), from_range(0, 255, GIVEN), from_range(0, 1, GIVEN))
    }
    assert len(found) == 3
    brought = foreign_backbone(content, "toy.tflite")
    assert brought.backbone.foreign == (
        "cut before its last layer (CONV_2D with 7 outputs); pixels are scaled to -1..1, which is a guess"
    )
    assert "--input-range 0,1" in brought.messages[1]


def test_a_file_that_notes_no_release_makes_files_that_note_none() -> None:
    """Which TensorFlow Lite runs an unknown network is not known, and the manifest does not pretend."""
    backbone = foreign_backbone(classifier(), "toy.tflite").backbone
    model = exported(backbone, head_for(backbone.features(patterns(backbone))))
    assert model.manifest is not None and model.manifest.minimum_runtime == ""


def test_an_open_number_of_pictures_is_one() -> None:
    """A shape signature (-1, ...), as Keras' networks have it, is removed."""
    tree = read_model(classifier())
    for tensor in tree.subgraphs[0].tensors:
        tensor.shapeSignature = np.array([-1, *tensor.shape[1:]], np.int32)
    backbone = foreign_backbone(write_model(tree), "open.tflite").backbone
    assert all(tensor.shapeSignature is None for tensor in read_model(backbone.model.content).subgraphs[0].tensors)
    assert backbone.model.sha256 == foreign_backbone(classifier(), "toy.tflite").backbone.model.sha256


def test_names_are_names_of_files_without_their_folders() -> None:
    """Spaces and other characters become a dash; the provenance has no path."""
    assert network_name("/home/someone/mobilenet v2 (1).tflite") == "mobilenet-v2-1"
    assert network_name("../..") == "network"
    assert network_name("mobilenet_v2_1.0_224.tflite") == "mobilenet_v2_1.0_224-foreign"
    backbone = foreign_backbone(classifier(), "/home/someone/toy.tflite").backbone
    assert (backbone.weights.origin, backbone.architecture.name) == ("toy.tflite", "toy")
    assert len(backbone.weights.sha256) == 64


@pytest.mark.parametrize("spread", [1.0, 400.0])
def test_a_network_with_a_multiplication_at_its_end_keeps_it(spread: float) -> None:
    """Only the MUL of a head is cut off with the head: it has one if a weight is very large."""
    backbone = foreign_backbone(embedder("int8").row().square().content(), "toy.tflite").backbone
    features = backbone.features(patterns(backbone))
    weights = head_for(features).weights
    weights[features.max(axis=0).argmin()] *= spread
    model = exported(backbone, Head(weights, np.zeros(3)))
    assert cut_head(model).model.content == backbone.model.content


def test_a_network_that_says_nothing_is_refused() -> None:
    """The same features for every picture teach nothing."""
    network = ToyNetwork().convolve(16, NONE)
    for tensor in network.graph.tensors:
        data = network.model.buffers[tensor.buffer].data
        if data is not None:
            network.model.buffers[tensor.buffer].data = np.zeros_like(data)
    with pytest.raises(ModelError, match="the same for every picture"):
        foreign_backbone(network.average().content(), "dead.tflite")


def test_weights_behind_the_flatbuffer() -> None:
    """Files above 2 GB, and those of a converter's option, keep them there: the network is the same."""
    inside = classifier("float32")
    found = foreign_backbone(with_outside_weights(inside), "given.tflite").backbone
    assert found.model.content == foreign_backbone(inside, "given.tflite").backbone.model.content
    with pytest.raises(ModelError, match="not as converters write them"):  # they would fill the memory
        foreign_backbone(with_outside_weights(inside, overlapping=3), "given.tflite")
