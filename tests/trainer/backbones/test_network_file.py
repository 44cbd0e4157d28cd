"""Networks written directly: the operators, and what they compute, against TensorFlow's converter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge.inference.interpreter import ImageInterpreter, installed_runtimes
from edge.modelfile.structure import examine
from edge.preprocess import preprocess
from trainer.backbones.activation_ranges import activation_ranges
from trainer.backbones.architectures import (
    EFFICIENTNET_LITE0,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    QUANTIZATIONS,
    Architecture,
    grid,
)
from trainer.backbones.backbone import as_model, drawn_pictures
from trainer.backbones.network_file import write_network
from trainer.backbones.networks import network_graph
from trainer.backbones.read_layers import random_layers
from trainer.export.export import float_tensors
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.tflite import minimum_runtime, read_model, write_model

NARROW = Architecture(0.25, 128)
SMALL_V2 = Architecture(0.35, 96, MOBILENET_V2)
SMALL_V3 = Architecture(0.75, 224, MOBILENET_V3_SMALL)
LITE0 = Architecture(1.0, 224, EFFICIENTNET_LITE0)

# The largest difference of a feature, and the share of the features' variance that differs, to TensorFlow's files:
# constants round differently in a last bit here and there, and 27 layers of 8 bits pass such a step on.
CLOSE = {"float32": (6e-5, 1e-9), "float16": (6e-3, 1e-6), "dynamic": (0.6, 0.003), "int8": (0.6, 0.003)}
# Here the converter measures ranges too, on other pictures than ours.
CLOSE_LATER = {**CLOSE, "int8": (1.2, 0.02)}


def features(content: bytes, runtime: str, size: int = 128) -> np.ndarray:
    """The features of five drawn flowers."""
    interpreter = ImageInterpreter(as_model(content), runtime=runtime)
    return np.stack([interpreter.scores(preprocess(draw_flower(kind, 4, 160), (size, size))) for kind in KINDS])


@pytest.mark.parametrize(
    ("quantization", "operators", "runtime"),
    [
        ("int8", {"QUANTIZE 1": 1, "CONV_2D 3": 14, "DEPTHWISE_CONV_2D 3": 13, "MEAN 2": 1}, "1.14.0"),
        ("float32", {"CONV_2D 1": 14, "DEPTHWISE_CONV_2D 1": 13, "MEAN 1": 1}, "1.6.0"),
        ("float16", {"DEQUANTIZE 3": 54, "CONV_2D 1": 14, "DEPTHWISE_CONV_2D 1": 13, "MEAN 1": 1}, "1.15.0"),
        ("dynamic", {"CONV_2D 5": 14, "DEPTHWISE_CONV_2D 6": 13, "MEAN 1": 1}, "2.4.0"),
    ],
)
def test_operators(quantization: str, operators: dict[str, int], runtime: str) -> None:
    """Padding, bias and ReLU6 are parts of the convolutions; versions are old enough for tflite-runtime."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    model = read_model(write_network(NARROW, random_layers(NARROW), quantization))
    found: dict[str, int] = {}
    for operator in model.subgraphs[0].operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = f"{names[code.builtinCode]} {code.version}"
        found[name] = found.get(name, 0) + 1
        if "CONV" in name:
            options = operator.builtinOptions
            assert options.padding == schema.Padding.SAME
            assert options.fusedActivationFunction == schema.ActivationFunctionType.RELU6
    assert found == operators
    assert minimum_runtime(model) == runtime


@pytest.mark.parametrize("architecture", grid(), ids=lambda architecture: architecture.name)
def test_every_architecture(architecture: Architecture) -> None:
    """The file is a valid model: uint8 pixels from -1 to 1 in, int8 features from 0 to 6 out."""
    structure = examine(write_network(architecture, random_layers(architecture), "int8"))
    size = architecture.input_size
    assert structure.input.shape == (1, size, size, 3)
    assert structure.output.shape == (1, int(1024 * architecture.alpha))
    assert (structure.input.scale, structure.input.zero_point) == (pytest.approx(2 / 255), 127)
    assert (structure.output.scale, structure.output.zero_point) == (pytest.approx(6 / 255), -128)


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_the_same_layers_give_the_same_bytes(quantization: str) -> None:
    """Reading the file into objects and writing it again changes nothing either."""
    first, second = (write_network(NARROW, random_layers(NARROW), quantization) for _ in range(2))
    assert first == second == write_model(read_model(first))


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("value", [-1.0, 0.0, 2.0, 100.0])
def test_dead_channels(runtime: str, value: float) -> None:
    """A channel whose weights are zeros gives its bias, between 0 and 6, however large the bias is."""
    layers = random_layers(NARROW)
    kernel, bias = (values.copy() for values in layers["conv_pw_13"])
    kernel[..., 5], bias[5] = 0, value
    content = write_network(NARROW, {**layers, "conv_pw_13": (kernel, bias)}, "int8")
    assert features(content, runtime)[:, 5] == pytest.approx(np.clip(value, 0, 6), abs=6 / 255)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_int8_follows_float32(runtime: str) -> None:
    """Before bias correction the int8 features differ from the float ones by less than a fifth of their variance."""
    layers = random_layers(NARROW)
    expected, found = (features(write_network(NARROW, layers, name), runtime) for name in ("float32", "int8"))
    assert ((found - expected) ** 2).mean() < 0.2 * expected.var()


@pytest.mark.xdist_group("tensorflow")
@pytest.mark.parametrize("architecture", [NARROW, SMALL_V2, SMALL_V3], ids=lambda architecture: architecture.family)
def test_tensorflows_converter_writes_the_same_network(architecture: Architecture, tmp_path: Path, run_python) -> None:
    """Of the same layers: equal shapes, int8 weights equal, and features as close as :data:`CLOSE` says."""
    arguments = [word for name in QUANTIZATIONS for word in ("--artifact", name, str(tmp_path / name))]
    done = run_python("-m", "trainer.backbones.convert", architecture.name, *arguments)
    assert done.returncode == 0, done.stderr
    size = architecture.input_size
    for quantization in QUANTIZATIONS:
        reference, content = (tmp_path / quantization).read_bytes(), content_of(architecture, quantization)
        assert examine(content).output.shape == examine(reference).output.shape
        for runtime in installed_runtimes():
            expected, found = features(reference, runtime, size), features(content, runtime, size)
            largest, share = CLOSE[quantization] if architecture == NARROW else CLOSE_LATER[quantization]
            assert np.abs(found - expected).max() < largest, (quantization, runtime)
            assert ((found - expected) ** 2).mean() < share * expected.var(), (quantization, runtime)
    ours, theirs = (kernels(c) for c in (content_of(architecture, "int8"), (tmp_path / "int8").read_bytes()))
    assert len(ours) == len(theirs) == len(network_graph(architecture).convolutions)
    differing = sum(int((own != other).sum()) for own, other in zip(ours, theirs, strict=True))
    assert differing <= sum(own.size for own in ours) // 10_000


@pytest.mark.parametrize("architecture", [SMALL_V2, SMALL_V3, LITE0], ids=lambda architecture: architecture.family)
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_families_that_followed(architecture: Architecture, runtime: str) -> None:
    """All integers between picture and bottleneck, close to the float network even before bias correction."""
    size = architecture.input_size
    content = content_of(architecture, "int8")
    assert not float_tensors(read_model(content))
    expected = features(content_of(architecture, "float32"), runtime, size)
    found = features(content, runtime, size)
    assert found.shape == expected.shape == (len(KINDS), network_graph(architecture).convolutions[-1].channels)
    assert ((found - expected) ** 2).mean() < 0.2 * expected.var()


def test_the_hard_swish_in_integers_is_a_sum_and_a_product() -> None:
    """XNNPACK has an integer kernel for every operator; in floats the operator itself is there."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    found = {}
    for quantization in ("int8", "float32"):
        model = read_model(content_of(SMALL_V3, quantization))
        found[quantization] = {names[code.builtinCode] for code in model.operatorCodes}
    assert found["int8"] == {"QUANTIZE", "CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MUL", "MEAN"}
    assert found["float32"] == {"CONV_2D", "DEPTHWISE_CONV_2D", "HARD_SWISH", "ADD", "MUL", "MEAN"}


def test_lite0_takes_pixels_from_127_128ths() -> None:
    """Its pixels are (p - 127) / 128, which 8 bits hold without rounding."""
    tensor = examine(content_of(LITE0, "int8")).input
    assert (tensor.scale, tensor.zero_point) == (1 / 128, 127)


def content_of(architecture: Architecture, quantization: str) -> bytes:
    """The file of the random layers, before bias correction."""
    graph, layers = network_graph(architecture), random_layers(architecture)
    ranges = None
    if quantization == "int8":
        floats = write_network(architecture, layers, "float32")
        ranges = activation_ranges(floats, drawn_pictures(architecture, [1]), graph.mean, graph.std)
    return write_network(architecture, layers, quantization, ranges)


def kernels(content: bytes) -> list[np.ndarray]:
    """The int8 weights of every convolution, in order."""
    model = read_model(content)
    graph = model.subgraphs[0]
    found = []
    for operator in graph.operators:
        if len(operator.inputs) == 3:
            data = model.buffers[graph.tensors[int(operator.inputs[1])].buffer].data
            found.append(np.frombuffer(np.asarray(data, np.uint8).tobytes(), np.int8))
    return found
