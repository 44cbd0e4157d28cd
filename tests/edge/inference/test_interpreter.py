"""The interpreters: pixels in, scores out, and only noise kept back."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, ModelError, UsageError
from edge.inference import interpreter as module
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

NOISE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


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
    """The scores of one picture survive the next picture."""
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


def test_litert_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument decides, then the variable, then the order of RUNTIMES."""
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["litert", "tflite-runtime"])
    assert choose_runtime() == "litert"
    monkeypatch.setenv("EDGE_RUNTIME", "tflite-runtime")
    assert choose_runtime() == "tflite-runtime"
    assert choose_runtime("litert") == "litert"


@pytest.mark.parametrize("name", ["tensorflow", "LiteRT", " "])
def test_unknown_runtime(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name is a mistake in usage, whether given or in the variable."""
    with pytest.raises(UsageError, match="known are litert, tflite-runtime"):
        choose_runtime(name)
    monkeypatch.setenv("EDGE_RUNTIME", name)
    with pytest.raises(UsageError, match="unknown runtime"):
        choose_runtime()


def test_runtime_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install, for the one asked for or for any."""
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["tflite-runtime"])
    with pytest.raises(ConfigurationError, match="pip install ai-edge-litert"):
        choose_runtime("litert")
    monkeypatch.setattr(module, "installed_runtimes", list)
    with pytest.raises(ConfigurationError, match="pip install tflite-runtime"):
        choose_runtime("tflite-runtime")
    with pytest.raises(ConfigurationError, match=r"no TFLite interpreter .* pip install 'edge-for-poets\[litert\]'"):
        choose_runtime()


def _fake_runtime(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    fake = types.ModuleType("fake_runtime")
    fake.Interpreter = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fake_runtime", fake)
    monkeypatch.setitem(RUNTIMES, "tflite-runtime", "fake_runtime")
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["tflite-runtime"])


def test_tflite_runtime_beside_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """tflite-runtime imports beside numpy 2 and fails later, with a SystemError: the message names the remedy."""
    _fake_runtime(monkeypatch, SystemError("CreateWrapperFromBuffer returned a result with an exception set"))
    with pytest.raises(ConfigurationError, match=r"tflite-runtime is installed but does not load .*'numpy<2'"):
        ImageInterpreter(_model(surgery.tiny("int8")))


def test_runtime_that_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime whose import fails is a ConfigurationError with the reason."""
    monkeypatch.setitem(RUNTIMES, "litert", "module_that_is_not_there")
    monkeypatch.setattr(module, "installed_runtimes", lambda: ["litert"])
    with pytest.raises(
        ConfigurationError, match=r"does not load \(No module named .*\): pip install -U ai-edge-litert"
    ):
        ImageInterpreter(_model(surgery.tiny("int8")))


def test_many_lines_of_a_runtime_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the runtime says is put on one line."""
    _fake_runtime(monkeypatch, RuntimeError("Node 3\n  failed to prepare.\n"))
    with pytest.raises(ModelError, match=r"^tflite-runtime cannot run this model \(Node 3 failed to prepare\.\)$"):
        ImageInterpreter(_model(surgery.tiny("int8")))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_each_runtime_in_a_process_of_its_own(runtime: str, edge_command, any_model: Path) -> None:
    """Each runtime that is installed passes the self-test of both models and says nothing else."""
    if runtime not in installed_runtimes():
        pytest.skip(f"{runtime} is not installed in this environment")
    done = edge_command("inspect", "--json", str(any_model), env={**os.environ, "EDGE_RUNTIME": runtime})
    facts = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (facts["runtime"], facts["self_test"]["passed"]) == (runtime, True)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_each_runtime_with_int8_borders(runtime: str, edge_command, tmp_path: Path) -> None:
    """Each runtime that is installed runs a model with int8 in and out."""
    if runtime not in installed_runtimes():
        pytest.skip(f"{runtime} is not installed in this environment")
    (tmp_path / "model.tflite").write_bytes(_with_int8_borders())
    fill(tmp_path / "photos", "blue.png", "green.png", "red.png")
    done = edge_command("label", "--json", "--top-k", "1", "--runtime", runtime, "--model", "model.tflite", "photos")
    assert [json.loads(line)["labels"] for line in done.stdout.splitlines()] == [["blue"], ["green"], ["red"]]


def test_installed_runtimes_are_those_of_the_environment() -> None:
    """The list follows the order of preference and names only what can be imported."""
    assert installed_runtimes() == [
        name for name, path in RUNTIMES.items() if importlib.util.find_spec(path.split(".")[0]) is not None
    ]
    assert installed_runtimes(), "the tests need an interpreter"


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def _the_needless_line_is_still_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a process does, before any runtime has said its line."""
    monkeypatch.setattr(module, "_needless_line_came", threading.Event())


linux = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has memfd_create")


@linux
def test_only_the_needless_line_is_kept_back(capfd: pytest.CaptureFixture[str]) -> None:
    """The runtime's INFO line vanishes; every other line is passed on, in order, the last without its newline too."""
    with module._without_needless_line():
        os.write(2, b"first\n" + NOISE + b"WARNING: second\n" + NOISE + b"third")
    assert capfd.readouterr().err == "first\nWARNING: second\nthird"


@linux
def test_long_output_is_written_on_whole(capfd: pytest.CaptureFixture[str]) -> None:
    """Three megabytes of output lose nothing."""
    with module._without_needless_line():
        os.write(2, b"a line of output\n" * 200_000)
    assert capfd.readouterr().err == "a line of output\n" * 200_000


@linux
def test_errors_pass_through(capfd: pytest.CaptureFixture[str]) -> None:
    """An exception inside is neither swallowed nor replaced, and what was said before it is heard."""
    with pytest.raises(ValueError, match="inside"), module._without_needless_line():
        os.write(2, b"ERROR: before\n")
        raise ValueError("inside")
    assert capfd.readouterr().err == "ERROR: before\n"


@linux
def test_other_threads_are_heard(capfd: pytest.CaptureFixture[str]) -> None:
    """What another thread says while an interpreter is loaded is passed on, and stderr is left as it was."""
    before, open_before = os.fstat(2).st_ino, _descriptors()
    with module._without_needless_line():
        writer = threading.Thread(target=os.write, args=(2, b"output of another thread\n"))
        writer.start()
        writer.join()
    assert capfd.readouterr().err == "output of another thread\n"
    assert (os.fstat(2).st_ino, _descriptors()) == (before, open_before)


@linux
def test_threads_that_load_at_the_same_time(capfd: pytest.CaptureFixture[str]) -> None:
    """Threads that load interpreters take turns with stderr: no line is lost, none of the noise is heard."""
    before, open_before = os.fstat(2).st_ino, _descriptors()
    start = threading.Barrier(4)

    def load(name: int) -> None:
        start.wait()
        for turn in range(50):
            with module._without_needless_line():
                os.write(2, b"loader %d %d\n" % (name, turn))

    threads = [threading.Thread(target=load, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [f"loader {name} {turn}" for name in range(4) for turn in range(50)]
    assert sorted(capfd.readouterr().err.splitlines()) == sorted(expected)
    assert (os.fstat(2).st_ino, _descriptors()) == (before, open_before)


@linux
def test_stderr_is_left_alone_once_the_needless_line_came(capfd: pytest.CaptureFixture[str]) -> None:
    """The runtime says its line once in a process; from then on nothing stands between a program and its stderr."""
    with module._without_needless_line():
        os.write(2, NOISE)
    before = os.fstat(2).st_ino
    with module._without_needless_line():
        assert os.fstat(2).st_ino == before
        os.write(2, b"output\n")
    assert capfd.readouterr().err == "output\n"


@linux
def test_no_memory_file_can_be_had(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the system gives no memory file the line is heard, and no descriptor is lost."""

    def refuse(_: str) -> int:
        raise OSError(24, "Too many open files")

    open_before = _descriptors()
    monkeypatch.setattr(os, "memfd_create", refuse)
    with module._without_needless_line():
        os.write(2, NOISE)
    assert capfd.readouterr().err == NOISE.decode()
    assert _descriptors() == open_before


def test_other_systems(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """On a system without memory files the line is heard."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with module._without_needless_line():
        os.write(2, NOISE)
    assert capfd.readouterr().err == NOISE.decode()


LOAD = """
import os, sys
{}
from edge import Classifier
from edge.inference.interpreter import _without_needless_line
with _without_needless_line():
    try:
        os.write(2, b"output")
    except OSError:
        pass
scores = Classifier.load(sys.argv[1]).scores(sys.argv[2]).tolist()
print(scores)
"""


@pytest.mark.parametrize(
    "broken",
    ["os.close(2)", "read, write = os.pipe(); os.close(read); os.dup2(write, 2)"],
    ids=["closed", "broken pipe"],
)
def test_stderr_that_is_gone(broken: str, python, int8_model: Path, tmp_path: Path) -> None:
    """A stderr that is closed, or whose reader has left, keeps no picture from its labels."""
    photo = fill(tmp_path / "photos", "red.png") / "red.png"
    done = python("-c", LOAD.format(broken), str(int8_model), str(photo))
    assert done.stdout == "[0.0, 0.0, 0.99609375]\n"
    assert done.returncode == 0
