"""A real delegate: its own kernel computes scores, and one that cannot be used ends a child process alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge import Classifier
from edge.errors import ConfigurationError, EdgeError, ModelError
from edge.inference.delegate import DelegateChoice
from edge.inference.delegate_library import is_loaded
from edge.inference.delegate_trial import idle_lines, try_delegate
from edge.inference.interpreter import LIBRARY_VARIABLE, ImageInterpreter
from edge.inference.refusals import cannot_run
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from support import surgery
from support.delegates import FAVOURED, RUNTIMES, choice
from support.gated import GATED
from support.tflite_library import PACKAGE, c_library

PICTURES = np.random.default_rng(7).integers(0, 256, (3, 32, 32, 3), np.uint8)
INT8 = surgery.tiny("int8")
ROUNDING = 0.05
"""Of a score: kernels of processors round the logits of an 8-bit model otherwise, by one step."""


@pytest.fixture(params=[*RUNTIMES, "tflite-c"])
def runtime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each interpreter in turn."""
    if request.param == "tflite-c":
        if c_library() is None:
            pytest.skip(f"no library of TensorFlow Lite: pip install {PACKAGE}")
        monkeypatch.setenv(LIBRARY_VARIABLE, str(c_library()))
    return str(request.param)


def test_its_kernel_computes_the_scores(delegate_library: Path, runtime: str, any_model: Path, tmp_path: Path) -> None:
    """With the delegate each inference calls its kernel, and the scores are those of the interpreter's own."""
    model, calls = ModelFile.load(any_model), tmp_path / "calls"
    plain = ImageInterpreter(model, runtime=runtime)
    delegated = ImageInterpreter(model, runtime=runtime, delegate=choice(delegate_library, calls=calls))
    for count, pixels in enumerate(PICTURES, 1):
        assert delegated.scores(pixels) == pytest.approx(plain.scores(pixels), abs=ROUNDING)
        assert calls.stat().st_size == count


def test_it_decides_the_label(delegate_library: Path, runtime: str, any_model: Path) -> None:
    """A kernel that favours a label changes the answer: no other kernel computed it."""
    delegate = choice(delegate_library, **FAVOURED)
    classifier = Classifier.load(any_model, runtime=runtime, delegate=delegate)
    assert {classifier.classify(pixels).label for pixels in PICTURES} == {classifier.labels[1]}
    assert classifier.delegate_parts == (None if runtime == "tflite-c" else 1)
    assert is_loaded(delegate)
    del classifier
    assert not is_loaded(delegate)


def test_with_the_gate(delegate_library: Path) -> None:
    """The copy with the bottleneck as an output runs with a delegate too."""
    model = ModelFile.load(GATED)
    plain, delegated = (Classifier(model, reject=True, delegate=one) for one in (None, choice(delegate_library)))
    for pixels in PICTURES:
        expected, found = plain.gated_scores(pixels), delegated.gated_scores(pixels)
        assert found.scores == pytest.approx(expected.scores, abs=ROUNDING)
        assert found.rejected == expected.rejected


def test_the_self_test_allows_other_kernels(delegate_library: Path, int8_model: Path) -> None:
    """The self-test allows the difference of another interpreter, and finds a delegate that computes something else."""
    results = [
        run_self_test(Classifier.load(int8_model, delegate=delegate))
        for delegate in (None, choice(delegate_library), choice(delegate_library, **FAVOURED))
    ]
    assert [result.passed for result in results] == [True, True, False]
    assert results[1].tolerance == ModelFile.load(int8_model).manifest.self_test.other_tolerance


def test_a_delegate_with_nothing_to_do(delegate_library: Path) -> None:
    """It is not refused, but it is said."""
    delegate = choice(delegate_library, operators="none")
    parts = try_delegate(delegate, INT8, runtime=RUNTIMES[0])
    assert idle_lines(delegate, parts) == [
        "libtestdelegate.so takes over no operator of this model: the processor computes all of it"
    ]
    assert idle_lines(delegate, None) == idle_lines(delegate, 2) == []


def test_an_edge_tpus_file_and_another_delegate() -> None:
    """If the delegate does not take over the one operator of such a file, the line says that."""
    error = RuntimeError("Encountered unresolved custom op: edgetpu-custom-op. Node number 0")
    words = str(cannot_run("litert", error, DelegateChoice("/usr/lib/libother.so")))
    assert words.startswith("litert cannot run this model with libother.so (it was compiled for an Edge TPU, and the ")


CRASH = r"cannot be used with \S+ \d[\d.]* \(the process crashed \(SIGSEGV\)\): use a release of it that was built for "
REFUSALS = {
    "crash=create": (ConfigurationError, CRASH),
    "crash=model": (ConfigurationError, CRASH),
    "crash=inference": (ConfigurationError, CRASH),
    "refuse=create": (ConfigurationError, r"gives no delegate \(no device is connected\): connect its device, "),
    "refuse=silently": (
        ConfigurationError,
        r"gives no delegate \(it does not say why\): .*check each --delegate-option",
    ),
    "refuse=model": (ModelError, r"with libtestdelegate\.so \(the device has no room for this model\): give a model "),
    "speed=full": (ConfigurationError, r"gives no delegate \(unknown option: speed\): "),
}


@pytest.mark.parametrize("option", REFUSALS)
def test_one_that_cannot_be_used(delegate_library: Path, option: str) -> None:
    """Whatever it does in the trial, this process goes on with one line that says what to do."""
    kind, words = REFUSALS[option]
    delegate = choice(delegate_library, **dict([option.split("=")]))
    with pytest.raises(EdgeError, match=words) as caught:
        try_delegate(delegate, INT8, runtime=RUNTIMES[-1])
    assert (type(caught.value), is_loaded(delegate)) == (kind, False)


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ("libnothing.so.1", r"does not load \(libnothing\.so\.1: cannot open .*\): install the software of its device"),
        ("libc.so.6", r"^libc\.so\.6 is no delegate: it has no function tflite_plugin_create_delegate; give "),
        ("here.so", r"does not load \(here\.so: .*\): for the file in this folder, write --delegate \./here\.so$"),
        ("./here.so", r"does not load \(\./here\.so: .*\): install "),
    ],
)
def test_what_is_no_delegate(library: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is missing, another one, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    Path("here.so").write_bytes(b"no library")
    with pytest.raises(ConfigurationError, match=words):
        try_delegate(DelegateChoice(library))


def test_what_passed_is_not_tried_again(
    delegate_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One model is tried once, another one again; options may be paths from the folder of this process on."""
    monkeypatch.chdir(tmp_path)
    delegate = choice(delegate_library, calls="calls")
    for content, calls in ((INT8, 1), (INT8, 1), (surgery.tiny("float32"), 2)):
        assert try_delegate(delegate, content, runtime=RUNTIMES[0]) == 1
        assert Path("calls").stat().st_size == calls


def test_a_device_that_only_one_process_can_have(delegate_library: Path, tmp_path: Path) -> None:
    """It is refused while another process has it; if this one has it, another model needs a new start."""
    delegate = choice(delegate_library, device=tmp_path / "device")
    code = "import ctypes, sys; from edge.inference.delegate_library import LoadedDelegate as L; "
    code += f"from edge.inference.delegate import DelegateChoice as C; d = L(C{tuple(delegate)!r}); print(flush=True); "
    with subprocess.Popen(
        [sys.executable, "-c", code + "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(ConfigurationError, match=r"gives no delegate \(the device is in use\)"):
            try_delegate(delegate, INT8)
        other.communicate()
    workers = [Classifier(ModelFile.from_bytes(INT8), delegate=delegate) for _ in range(2)]
    assert [worker.delegate_parts for worker in workers] == [1, 1]
    with pytest.raises(
        ConfigurationError, match=r"\(the device is in use\).*; if this process has the device itself, "
    ):
        Classifier(ModelFile.from_bytes(surgery.tiny("float32")), delegate=delegate)
