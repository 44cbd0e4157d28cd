"""The interpreters: pixels in, scores out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError, UsageError
from edge.inference.interpreter import (
    MAX_THREADS,
    RUNTIMES,
    ImageInterpreter,
    choose_runtime,
    dequantize,
    installed_runtimes,
)
from edge.modelfile.model_file import ModelFile
from edge.modelfile.structure import TensorSpec
from support import surgery
from support.colours import COLOURS, fill
from support.surgery import INT8, QUANTIZATION, TYPE, ZERO_POINT, Patient


def _square(label: str) -> np.ndarray:
    return np.full((32, 32, 3), COLOURS[label], np.uint8)


def _model(content: bytes) -> ModelFile:
    return ModelFile.from_bytes(content)


def _with_int8_borders() -> bytes:
    """The tiny int8 model, foreign, with int8 instead of uint8 in and out."""
    patient = Patient(surgery.tiny("int8")).foreign()
    for name, zero_point in (("image", -1), ("scores", -128)):
        quantization = patient.tensor(name).table(QUANTIZATION)
        assert quantization is not None
        patient.set_field(patient.tensor(name), TYPE, "b", INT8).set_item(quantization, ZERO_POINT, "q", zero_point)
    return patient.content


@pytest.mark.parametrize("label", COLOURS)
def test_names_colours(any_model: Path, label: str) -> None:
    """Both tiny models are sure of each of their colours; scores are float32 and add up to 1."""
    scores = ImageInterpreter(ModelFile.load(any_model)).scores(_square(label))
    assert (scores.dtype, scores.shape) == (np.float32, (3,))
    assert list(COLOURS)[int(scores.argmax())] == label
    assert scores.max() > 0.99
    assert scores.sum() == pytest.approx(1, abs=0.01)


def test_raw_outputs_have_the_models_dtype() -> None:
    """Raw outputs are what the model computes, before it is turned into real numbers."""
    model = _model(surgery.tiny("int8"))
    interpreter = ImageInterpreter(model)
    raw = interpreter.raw_outputs(_square("red"))
    assert raw.tolist() == [0, 0, 255]
    assert raw.dtype == np.uint8
    assert np.array_equal(interpreter.scores(_square("red")), raw.astype(np.float32) / 256)


def test_results_do_not_change_under_the_callers_hands() -> None:
    """The scores of one picture do not change with the next picture."""
    interpreter = ImageInterpreter(_model(surgery.tiny("float32")))
    red = interpreter.raw_outputs(_square("red"))
    kept = red.copy()
    interpreter.raw_outputs(_square("blue"))
    assert np.array_equal(red, kept)


def test_int8_borders() -> None:
    """A model with int8 in and out gives the scores of its uint8 twin."""
    twin, model = ImageInterpreter(_model(surgery.tiny("int8"))), _model(_with_int8_borders())
    assert (model.input.dtype, model.output.dtype) == (np.int8, np.int8)
    interpreter = ImageInterpreter(model)
    noise = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), np.uint8)
    for pixels in (*noise, _square("red"), _square("blue")):
        assert np.allclose(interpreter.scores(pixels), twin.scores(pixels), atol=1 / 256)


@pytest.mark.parametrize(
    ("mean", "std", "twin"), [(0.0, 255.0, lambda p: 127.5 + p / 2), (126.5, 127.5, lambda p: p + 1)]
)
def test_foreign_normalisation(mean: float, std: float, twin) -> None:
    """A float model is fed pixels normalised as its metadata says: as other pixels with our own normalisation."""
    model = _model(Patient(surgery.tiny("float32")).foreign().normalize(mean, std).content)
    assert (model.mean, model.std) == (mean, std)
    pixels = np.random.default_rng(2).integers(0, 250, (32, 32, 3), np.uint8)
    ours = ImageInterpreter(_model(surgery.tiny("float32"))).scores(
        np.round(twin(pixels.astype(float))).astype(np.uint8)
    )
    assert np.allclose(ImageInterpreter(model).scores(pixels), ours, atol=0.02)


@pytest.mark.parametrize("threads", [1, 2, MAX_THREADS])
def test_threads_do_not_change_scores(threads: int) -> None:
    """However many threads share an inference, the scores are the same."""
    scores = ImageInterpreter(_model(surgery.tiny("int8")), threads=threads).scores(_square("green"))
    assert scores.tolist() == [0, 255 / 256, 0]


@pytest.mark.parametrize("threads", [0, -1, MAX_THREADS + 1, 10**12])
def test_impossible_threads(threads: int) -> None:
    """A number of threads that no runtime takes is the caller's mistake, not the model's."""
    with pytest.raises(UsageError, match=f"give a number from 1 to {MAX_THREADS}"):
        ImageInterpreter(_model(surgery.tiny("int8")), threads=threads)


def test_model_that_the_runtime_cannot_run() -> None:
    """A kernel of a version from the future is a ModelError that names the runtime."""
    patient = Patient(surgery.tiny("int8")).foreign()
    code = list(patient.model.tables(1))[1]
    patient.set_field(code, 2, "i", 99)
    runtime = choose_runtime()
    with pytest.raises(ModelError, match=f"{runtime} cannot run this model"):
        ImageInterpreter(_model(patient.content))


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_output_of_another_size(runtime: str) -> None:
    """Scores that are not as many as the file says are a ModelError: here the last operator gives the pixels."""
    patient = Patient(surgery.tiny("int8")).foreign()
    patient.set_item(list(patient.graph.tables(3))[5], 1, "i", 0)
    with pytest.raises(ModelError, match=r"3072 values of uint8 come out, and its file says \(1, 3\)"):
        ImageInterpreter(_model(patient.content), runtime=runtime).scores(_square("red"))


def test_tensor_names_that_are_not_utf8() -> None:
    """A model with a damaged name is refused or runs, but never ends in a UnicodeDecodeError."""
    content = Patient(surgery.tiny("int8")).foreign().content.replace(b"scores\0", b"\xf3cores\0")
    try:
        assert ImageInterpreter(_model(content)).raw_outputs(_square("red")).tolist() == [0, 0, 255]
    except ModelError as error:
        assert "cannot run this model" in str(error)


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point", "values", "expected"),
    [
        (np.uint8, 1 / 256, 0, [0, 128, 255], [0, 0.5, 255 / 256]),
        (np.int8, 1 / 256, -128, [-128, 0, 127], [0, 0.5, 255 / 256]),
        (np.int8, 2.0, 10, [-128, 10, 127], [-276, 0, 234]),
        (np.float32, 0.0, 0, [0.25, 0.75], [0.25, 0.75]),
    ],
)
def test_dequantize(dtype: type, scale: float, zero_point: int, values: list[float], expected: list[float]) -> None:
    """A quantized q stands for scale * (q - zero_point); nothing overflows on the way."""
    tensor = TensorSpec("scores", (1, len(values)), np.dtype(dtype), scale, zero_point)
    real = dequantize(np.array(values, dtype), tensor)
    assert real.dtype == np.float32
    assert real.tolist() == expected


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_each_runtime_with_int8_borders(runtime: str, edge_command, tmp_path: Path) -> None:
    """Each runtime that is installed runs a model with int8 in and out."""
    if runtime not in installed_runtimes():
        pytest.skip(f"{runtime} is not installed in this environment")
    (tmp_path / "model.tflite").write_bytes(_with_int8_borders())
    fill(tmp_path / "photos", "blue.png", "green.png", "red.png")
    done = edge_command("label", "--json", "--top-k", "1", "--runtime", runtime, "--model", "model.tflite", "photos")
    assert [json.loads(line)["labels"] for line in done.stdout.splitlines()] == [["blue"], ["green"], ["red"]]
