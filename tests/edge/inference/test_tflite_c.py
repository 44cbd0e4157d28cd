"""The runtime tflite-c with a real library: what it computes, and what is said of a library that cannot be used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, ModelError
from edge.inference import tflite_library
from edge.inference.interpreter import (
    LIBRARY_VARIABLE,
    ImageInterpreter,
    choose_runtime,
    dequantize,
    installed_runtimes,
    open_interpreter,
    runtime_version,
)
from edge.modelfile.hidden_output import reveal
from edge.modelfile.model_file import ModelFile
from support import surgery
from support.gated import GATED
from support.surgery import Patient
from support.tflite_library import PACKAGE, c_library

LIBRARY = c_library()
TFLITE_C = "tflite-c"
PICTURES = np.random.default_rng(5).integers(0, 256, (4, 32, 32, 3), np.uint8)

with_library = pytest.mark.skipif(LIBRARY is None, reason=f"no library of TensorFlow Lite: pip install {PACKAGE}")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the library, which the variable names."""
    monkeypatch.setenv(LIBRARY_VARIABLE, str(LIBRARY))
    return str(LIBRARY)


@with_library
@pytest.mark.parametrize("other", [name for name in installed_runtimes() if name != TFLITE_C])
def test_scores_are_those_of_the_other_runtimes(library: str, other: str, any_model: Path) -> None:
    """Every score of the tiny models is within one step of an 8-bit output of the other interpreter's."""
    model = ModelFile.load(any_model)
    ours, theirs = (ImageInterpreter(model, runtime=name, threads=2) for name in (TFLITE_C, other))
    assert ours.raw_outputs(PICTURES[0]).dtype == model.output.dtype
    for pixels in PICTURES:
        assert ours.scores(pixels) == pytest.approx(theirs.scores(pixels), abs=1 / 255)


@with_library
def test_scores_and_bottleneck(library: str) -> None:
    """Both outputs of the revealed copy come out, and are those of the preferred interpreter."""
    model = ModelFile.load(GATED)
    ours, theirs = (ImageInterpreter(model, runtime=name, with_bottleneck=True) for name in (TFLITE_C, None))
    assert theirs.runtime != TFLITE_C
    for pixels in PICTURES:
        assert ours.scores(pixels) == pytest.approx(theirs.scores(pixels), abs=1 / 255)
        found, expected = (dequantize(each.read_bottleneck(), each.bottleneck) for each in (ours, theirs))
        assert found == pytest.approx(expected, abs=0.05)


@with_library
def test_outputs_are_copies(library: str) -> None:
    """The outputs of one picture do not change with the next one."""
    interpreter = ImageInterpreter(ModelFile.from_bytes(surgery.tiny("float32")), runtime=TFLITE_C)
    first = interpreter.raw_outputs(PICTURES[0])
    kept = first.copy()
    interpreter.raw_outputs(PICTURES[1])
    assert np.array_equal(first, kept)


@with_library
def test_details_name_shape_and_dtype(library: str) -> None:
    """Inputs and outputs are described, and one input takes only its own dtype and size."""
    interpreter = open_interpreter(reveal(ModelFile.load(GATED)).content, 1, TFLITE_C)
    (given,) = interpreter.get_input_details()
    assert (given["shape"].tolist(), given["dtype"]) == ([1, 32, 32, 3], np.uint8)
    assert [detail["shape"][0] for detail in interpreter.get_output_details()] == [1, 1]
    with pytest.raises(ValueError, match="the input is uint8, and float32 is given"):
        interpreter.set_tensor(given["index"], np.zeros((1, 32, 32, 3), np.float32))
    with pytest.raises(ValueError, match="the input has 3072 bytes, and 3 are given"):
        interpreter.set_tensor(given["index"], np.zeros(3, np.uint8))


@with_library
def test_a_model_that_it_cannot_run(library: str) -> None:
    """What the library itself reports is in the one line of the error."""
    patient = Patient(surgery.tiny("int8")).foreign()
    patient.set_field(list(patient.model.tables(1))[1], 2, "i", 99)
    with pytest.raises(ModelError, match=r"^tflite-c cannot run this model \(Didn't find op .*version '99'.*\)$"):
        ImageInterpreter(ModelFile.from_bytes(patient.content), runtime=TFLITE_C)


@with_library
def test_output_of_another_size(library: str) -> None:
    """Scores that are not as many as the file says are a ModelError: here the last operator gives the pixels."""
    patient = Patient(surgery.tiny("int8")).foreign()
    patient.set_item(list(patient.graph.tables(3))[5], 1, "i", 0)
    with pytest.raises(ModelError, match=r"3072 values of uint8 come out, and its file says \(1, 3\)"):
        ImageInterpreter(ModelFile.from_bytes(patient.content), runtime=TFLITE_C).scores(PICTURES[0])


@with_library
def test_the_commands_know_it(library: str, edge_command, int8_model: Path, tmp_path: Path) -> None:
    """``inspect`` runs the self-test on it, ``doctor`` and ``bench`` name the release of the library."""
    release = runtime_version(TFLITE_C)
    assert release and release[0].isdecimal()
    done = edge_command("inspect", "--json", "--runtime", TFLITE_C, str(int8_model))
    facts = json.loads(done.stdout)
    assert (done.stderr, facts["runtime"], facts["self_test"]["passed"]) == ("", TFLITE_C, True)
    assert f"{TFLITE_C} {release}" in edge_command("doctor").stdout.splitlines()[0]
    timed = ("--rounds", "2", "--seconds", "0.01", "--threads", "1", "--output", str(tmp_path / "bench.json"))
    done = edge_command("bench", "--runtime", TFLITE_C, *timed, str(int8_model))
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "bench.json").read_text())["rows"]
    assert (row["runtime"], row["runtime_version"]) == (TFLITE_C, release)


def test_it_is_there_only_if_the_variable_names_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable the message says what to set; with it, the others are still preferred."""
    assert TFLITE_C not in installed_runtimes()
    with pytest.raises(ConfigurationError, match=f"^tflite-c is not installed here: set {LIBRARY_VARIABLE} to "):
        choose_runtime(TFLITE_C)
    monkeypatch.setenv(LIBRARY_VARIABLE, "libtensorflowlite_c.so")
    assert installed_runtimes()[-1] == TFLITE_C
    assert choose_runtime() != TFLITE_C


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("not-there.so", r"not-there\.so: cannot open shared object file.*"),
        ("libc.so.6", r"libc\.so\.6 is no library of TensorFlow Lite: it has no function TfLiteVersion"),
        (str(GATED), r".*tiny-gated\.tflite: .*"),
    ],
    ids=["missing", "another library", "no library"],
)
def test_what_is_no_interpreter(name: str, reason: str, edge_command, int8_model: Path) -> None:
    """A file that is no such library is one line and exit code 78."""
    environment = {**os.environ, LIBRARY_VARIABLE: name}
    done = edge_command("inspect", "--runtime", TFLITE_C, str(int8_model), env=environment)
    assert (done.returncode, done.stdout) == (78, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("edge: tflite-c is installed but does not load (")
    assert f"): set {LIBRARY_VARIABLE} to " in line
    with pytest.raises(ImportError, match=f"^{reason}$"):
        tflite_library.load_library(name)


@with_library
def test_a_library_that_lacks_a_function(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function that is missing is named."""
    monkeypatch.setitem(tflite_library._FUNCTIONS, "TfLiteOfTomorrow", (None,))
    with pytest.raises(ImportError, match=r"it has no function TfLiteOfTomorrow$"):
        tflite_library.load_library(library)


def test_labelling_with_another_runtime_does_not_import_it(python) -> None:
    """The commands of edge do not load what only tflite-c needs."""
    code = "import sys, edge.cli; [__import__(f'edge.commands.{n}') for n in edge.cli._COMMANDS]; print(*sys.modules)"
    modules = python("-c", code).stdout.split()
    assert "edge.inference.interpreter" in modules
    assert not {"edge.inference.tflite_c", "edge.inference.tflite_library"} & set(modules)
