"""The splice: a head on the backbone's own flatbuffer, which both interpreters compute as promised."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.inference.interpreter import ImageInterpreter
from edge.inference.self_test import make_patterns
from support import tiny
from trainer.backbones.backbone import as_model
from trainer.export.quantized_head import QuantizedHead, quantize_head
from trainer.export.splice import splice_head
from trainer.head.linear import Head, softmax
from trainer.tflite import MINIMUM_RUNTIME, add_metadata, minimum_runtime, read_model, write_model

RUNTIME_SCRIPT = """
import json, sys
import numpy as np
from tflite_runtime.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()
scores = []
for row in np.load(sys.argv[2]):
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[None])
    interpreter.invoke()
    scores.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].tolist())
print(json.dumps(scores))
"""


def random_head(seed: int, labels: int = 3) -> Head:
    """A head for the tiny backbone whose logits spread over a few nats."""
    random = np.random.default_rng(seed)
    return Head(random.normal(0, 0.7, (tiny.FEATURES, labels)), random.normal(0, 1, labels))


def pictures(count: int = 24) -> list[np.ndarray]:
    """Chequered pictures for the tiny backbone."""
    size = (tiny.INPUT_SIZE, tiny.INPUT_SIZE)
    return [picture for seed in range(count // 4) for picture in make_patterns(seed, size)]


def features_of(quantization: str) -> np.ndarray:
    """The tiny backbone's features for the pictures, as real numbers."""
    interpreter = ImageInterpreter(tiny.backbone(quantization).model)
    return np.stack([interpreter.scores(picture) for picture in pictures()])


def spliced(quantization: str, head: Head) -> bytes:
    """The tiny backbone with ``head`` on it."""
    model = read_model(tiny.backbone_bytes(quantization))
    output = tiny.backbone(quantization).model.output
    splice_head(model, quantize_head(head, features_of(quantization), output) if quantization == "int8" else head)
    return write_model(model)


def scores_of(content: bytes) -> np.ndarray:
    """The spliced model's scores for the pictures, as real numbers, on LiteRT."""
    interpreter = ImageInterpreter(as_model(content), runtime="litert")
    return np.stack([interpreter.scores(picture) for picture in pictures()])


def operators(content: bytes) -> list[tuple[str, int]]:
    """(name, version) of each operator of a model, in order."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    model = read_model(content)
    codes = [(names[code.builtinCode], code.version) for code in model.operatorCodes]
    return [codes[operator.opcodeIndex] for operator in model.subgraphs[0].operators]


@given(st.integers(0, 1000), st.integers(1, 9))
@settings(max_examples=15)
def test_float_model_computes_softmax_of_the_head(seed: int, labels: int) -> None:
    """The scores are softmax(features @ weights + bias), to float32's precision, for any number of labels."""
    head = random_head(seed, labels)
    expected = softmax(head.logits(features_of("float32")))
    assert np.abs(scores_of(spliced("float32", head)) - expected).max() < 1e-5


@given(st.integers(0, 1000), st.integers(2, 9))
@settings(max_examples=25)
def test_int8_model_computes_what_its_integers_promise(seed: int, labels: int) -> None:
    """Against the specification's arithmetic in numpy, scores are off by their own rounding and one step of a logit.

    Kernels round a logit that lies between two steps either way. A step of ``logit_scale`` moves a score by no more
    than a quarter of that.
    """
    head, backbone = random_head(seed, labels), tiny.backbone("int8")
    interpreter = ImageInterpreter(backbone.model, runtime="litert")
    raw = np.stack([interpreter.raw_outputs(picture) for picture in pictures()]).astype(np.int64)
    made = quantize_head(head, features_of("int8"), backbone.model.output)
    sums = (raw - backbone.model.output.zero_point) @ made.weights.T.astype(np.int64) + made.bias
    multiplier = backbone.model.output.scale * made.weight_scale / made.logit_scale
    logits = np.clip(np.rint(sums * multiplier) + made.logit_zero_point, -128, 127)
    expected = softmax((logits - made.logit_zero_point) * made.logit_scale)
    scores = scores_of(spliced("int8", head))
    differences = np.abs(scores - expected)
    assert differences.max() <= 1 / 256 + made.logit_scale / 4
    assert differences.mean() <= 0.5 / 256


def with_factors(seed: int) -> tuple[QuantizedHead, bytes]:
    """A head with factors of 1 to 63 for the tiny backbone, and the spliced model."""
    factors = np.random.default_rng(seed).choice([1, 2, 3, 7, 40, 63], tiny.FEATURES).astype(np.int8)
    head = random_head(seed)
    head = Head(head.weights / factors[:, np.newaxis], head.bias)
    made = quantize_head(head, features_of("int8"), tiny.backbone("int8").model.output)._replace(factors=factors)
    model = read_model(tiny.backbone_bytes("int8"))
    splice_head(model, made)
    return made, write_model(model)


@pytest.mark.parametrize("seed", range(5))
def test_int8_model_multiplies_features_exactly(seed: int) -> None:
    """Factors are applied before the weights, without rounding, and clip at the range of the bottleneck's tensor."""
    made, content = with_factors(seed)
    backbone = tiny.backbone("int8").model
    interpreter = ImageInterpreter(backbone, runtime="litert")
    raw = np.stack([interpreter.raw_outputs(picture) for picture in pictures()]).astype(np.int64)
    values = (raw - backbone.output.zero_point) * made.factors
    clipped = values.clip(-128 - backbone.output.zero_point, 127 - backbone.output.zero_point)
    assert (clipped != values).any()
    sums = clipped @ made.weights.T.astype(np.int64) + made.bias
    multiplier = backbone.output.scale * made.weight_scale / made.logit_scale
    logits = np.clip(np.rint(sums * multiplier) + made.logit_zero_point, -128, 127)
    expected = softmax((logits - made.logit_zero_point) * made.logit_scale)
    assert np.abs(scores_of(content) - expected).max() <= 1 / 256 + made.logit_scale / 4
    assert operators(content)[3:] == [("MUL", 2), ("FULLY_CONNECTED", 4), ("SOFTMAX", 2), ("QUANTIZE", 1)]


def test_tflite_runtime_multiplies_the_same(tmp_path: Path, run_python) -> None:
    """The last tflite-runtime runs the model with factors and agrees to 1 of 255."""
    pytest.importorskip("tflite_runtime")
    _, content = with_factors(1)
    (tmp_path / "model.tflite").write_bytes(content)
    np.save(tmp_path / "inputs.npy", np.stack(pictures()))
    done = run_python("-c", RUNTIME_SCRIPT, tmp_path / "model.tflite", tmp_path / "inputs.npy")
    assert done.returncode == 0, done.stderr
    assert np.abs(np.array(json.loads(done.stdout)) / 256 - scores_of(content)).max() <= 1 / 255


@pytest.mark.parametrize("seed", range(5))
def test_int8_scores_are_near_the_float_heads(seed: int) -> None:
    """On the tiny backbone's own range the quantized head answers as the float one, within 0.03 on average."""
    head = random_head(seed)
    expected = softmax(head.logits(features_of("int8")))
    scores = scores_of(spliced("int8", head))
    assert np.abs(scores - expected).mean() < 0.03
    assert np.abs(scores.sum(axis=1) - 1).max() < 0.02


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_tflite_runtime_computes_the_same(tmp_path: Path, quantization: str, run_python) -> None:
    """The last tflite-runtime loads the file and agrees: floats to 1e-5, integers to 1 of 255."""
    pytest.importorskip("tflite_runtime")
    content = spliced(quantization, random_head(3))
    (tmp_path / "model.tflite").write_bytes(content)
    inputs = np.stack(pictures())
    np.save(
        tmp_path / "inputs.npy", inputs if quantization == "int8" else inputs.astype(np.float32) / np.float32(127.5) - 1
    )
    done = run_python("-c", RUNTIME_SCRIPT, tmp_path / "model.tflite", tmp_path / "inputs.npy")
    assert done.returncode == 0, done.stderr
    scores = np.array(json.loads(done.stdout)) * (1 / 256 if quantization == "int8" else 1)
    assert np.abs(scores - scores_of(content)).max() <= (1 / 255 if quantization == "int8" else 1e-5)


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_every_buffer_is_aligned_in_the_file(quantization: str) -> None:
    """Interpreters read weights in place, with instructions that need 16-byte alignment."""
    content = spliced(quantization, random_head(1))
    model = schema.Model.GetRootAs(content, 0)
    filled = 0
    for index in range(model.BuffersLength()):
        data = model.Buffers(index).DataAsNumpy()
        if not isinstance(data, int) and len(data):
            assert content.count(data.tobytes()) >= 1
            offset = (
                data.__array_interface__["data"][0] - np.frombuffer(content, np.uint8).__array_interface__["data"][0]
            )
            assert offset % 16 == 0, index
            assert content[offset : offset + len(data)] == data.tobytes()
            filled += 1
    assert filled >= 3  # weights, bias, min_runtime_version


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_same_inputs_give_the_same_bytes(quantization: str) -> None:
    """Two splices agree byte for byte, and another head gives other bytes."""
    assert spliced(quantization, random_head(1)) == spliced(quantization, random_head(1))
    assert spliced(quantization, random_head(1)) != spliced(quantization, random_head(2))


def test_operators_are_those_the_last_tflite_runtime_knows() -> None:
    """The head's kernels have the versions that both interpreters accept; the backbone's are left alone."""
    assert operators(spliced("float32", random_head(1))) == [
        ("AVERAGE_POOL_2D", 1),
        ("RESHAPE", 1),
        ("FULLY_CONNECTED", 1),
        ("SOFTMAX", 1),
    ]
    assert operators(spliced("int8", random_head(1))) == [
        ("QUANTIZE", 1),
        ("AVERAGE_POOL_2D", 2),
        ("RESHAPE", 1),
        ("FULLY_CONNECTED", 4),
        ("SOFTMAX", 2),
        ("QUANTIZE", 1),
    ]


@pytest.mark.parametrize(("quantization", "own"), [("int8", "1.14.0"), ("float32", "1.5.0")])
@pytest.mark.parametrize("noted", [None, "1.2.0", "1.13.1", "2.4.0", "2.14.0"])
def test_minimum_runtime_is_the_newest_of_backbone_and_head(quantization: str, own: str, noted: str | None) -> None:
    """The note is raised to what the head needs and never lowered; versions compare as numbers."""
    model = read_model(tiny.backbone_bytes(quantization))
    if noted:
        add_metadata(model, MINIMUM_RUNTIME, noted.encode().ljust(16, b"\0"))
    head = random_head(1)
    splice_head(
        model,
        quantize_head(head, features_of("int8"), tiny.backbone().model.output) if quantization == "int8" else head,
    )
    expected = max(noted or "0.0", own, key=lambda version: [int(part) for part in version.split(".")])
    assert minimum_runtime(read_model(write_model(model))) == expected


def test_borders_of_the_model_have_plain_names_and_types() -> None:
    """Inputs and outputs are called image and scores; int8 models have uint8 with scale 1/256."""
    for name, dtype, scaling in (("int8", np.uint8, (1 / 256, 0)), ("float32", np.float32, (0.0, 0))):
        interpreter = Interpreter(model_content=spliced(name, random_head(1, 5)))
        (image,), (scores,) = interpreter.get_input_details(), interpreter.get_output_details()
        assert (image["name"], scores["name"]) == ("image", "scores")
        assert image["dtype"] == scores["dtype"] == dtype
        assert scores["quantization"] == scaling
        assert scores["shape"].tolist() == [1, 5]


def test_metadata_of_one_name_is_replaced_not_doubled() -> None:
    """Adding a buffer of the same name again overwrites it; others stay."""
    model = read_model(tiny.backbone_bytes())
    for name, content in (("A", b"first"), ("B", b"other"), ("A", b"second")):
        add_metadata(model, name, content)
    again = read_model(write_model(model))
    assert {e.name: bytes(again.buffers[e.buffer].data) for e in again.metadata} == {b"A": b"second", b"B": b"other"}


def test_conversion_notes_are_dropped_with_their_content() -> None:
    """The converter's metadata, different on every machine, leaves no trace in the file."""
    model = read_model(tiny.backbone_bytes())
    add_metadata(model, "CONVERSION_METADATA", b"made by TensorFlow 9.9.9 on another machine")
    content = write_model(model)
    assert b"9.9.9" in content
    assert b"9.9.9" not in write_model(read_model(content))
