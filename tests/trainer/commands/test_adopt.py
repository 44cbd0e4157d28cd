"""``trainer adopt``, and models of other projects in ``evaluate`` and ``compare``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import main as edge
from edge.errors import ModelError
from edge.modelfile.model_file import ModelFile
from support import tiny
from support.foreign_models import MODELS, foreign_model
from trainer.cli import app

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("softmax", "logits"):
        Path(f"{name}.tflite").write_bytes(foreign_model(**MODELS[name]))
    Path("labels.csv").write_text("index,label\n0,blue\n1,green\n2,red\n")
    tiny.paint_folder(Path("photos"), 4)


def run(*words: str) -> tuple[str, str]:
    """Output and messages of a command that succeeds."""
    done = RUNNER.invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_adopt_and_use(capsys: pytest.CaptureFixture[str]) -> None:
    """The file is written to models/, tells its accuracy with a caveat, and runs without options."""
    out, err = run("adopt", "logits.tflite", "photos", "--labels", "labels.csv", "--groups", "off")
    assert out.splitlines()[0].endswith("of 12 photos, which may have trained the model")
    assert out.splitlines()[-1] == "models/logits-adopted.tflite"
    assert "no normalisation in the file: pixels are scaled to -1..1" in err
    assert "scores: softmax of the outputs" in err
    assert edge(["label", "--model", "models/logits-adopted.tflite", "--top-k", "1", "photos/red/000.png"]) == 0
    printed = capsys.readouterr()
    assert (printed.out.split()[0], printed.err) == ("red", "")
    assert edge(["inspect", "models/logits-adopted.tflite"]) == 0
    assert "of 12 photos, which may have trained it" in capsys.readouterr().out


def test_json() -> None:
    """The JSON has path, hash and accuracy."""
    words = ["adopt", "softmax.tflite", "--labels", "labels.csv", "--input-range", "-1,1", "--output", "out.tflite"]
    facts = json.loads(run(*words, "--json")[0])
    made = ModelFile.load("out.tflite")
    assert (facts["path"], facts["sha256"], facts["labels"]) == ("out.tflite", made.sha256, ["blue", "green", "red"])
    assert (facts["accuracy"], facts["photos"]) == (None, 0)


def test_evaluate_with_a_range() -> None:
    """``evaluate`` takes the options, and the adopted file gives the same accuracy without them."""
    words = ["--labels", "labels.csv", "--input-range", "0,1"]
    given = json.loads(run("evaluate", "logits.tflite", "photos", *words, "--json")[0])
    run("adopt", "logits.tflite", *words, "--output", "out.tflite")
    out, err = run("evaluate", "out.tflite", "photos", "--json")
    assert json.loads(out)["accuracy"] == given["accuracy"]
    assert json.loads(out)["confusion"] == given["confusion"]
    assert "how the model was trained is not known" in err


def test_compare_one_of_each() -> None:
    """``compare`` gives the options to the model of another project alone."""
    words = ["--labels", "labels.csv", "--input-range", "-1,1"]
    run("adopt", "logits.tflite", *words, "--output", "out.tflite")
    facts = json.loads(run("compare", "out.tflite", "softmax.tflite", "photos", "--split", "all", *words, "--json")[0])
    assert (facts["only_first"], facts["only_second"]) == (0, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["adopt", "logits.tflite"], "the model carries no labels; give them with --labels"),
        (["adopt", "logits.tflite", "--labels", "labels.csv", "--mean", "x", "--std", "1"], "--mean x: give numbers"),
        (["adopt", "logits.tflite", "--labels", "labels.csv", "--input-range", "1"], "--input-range 1: give two"),
        (["adopt", "logits.tflite", "--labels", "labels.csv", "--input-range", "1,0"], "the lower one first"),
        (["adopt", "labels.csv"], "the model file has only"),
        (["compare", "own.tflite", "own.tflite", "photos", "--labels", "labels.csv"], "carries its own labels"),
    ],
)
def test_what_is_refused(words: list[str], message: str) -> None:
    """Each is one error of one line."""
    run("adopt", "softmax.tflite", "--labels", "labels.csv", "--output", "own.tflite")
    done = RUNNER.invoke(app, words)
    assert done.exit_code != 0
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
@pytest.mark.parametrize("words", [["adopt", "softmax.tflite"], ["evaluate", "softmax.tflite", "photos"]])
def test_a_model_that_crashes_is_one_line(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """A child process runs the model first: what ends the child does not end the command."""
    crash = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr("trainer.backbones.apart.COMMAND", crash)
    monkeypatch.setattr("trainer.backbones.apart._passed", set())
    done = RUNNER.invoke(app, [*words, "--labels", "labels.csv"])
    assert isinstance(done.exception, ModelError)
    assert str(done.exception).startswith("softmax.tflite: ") and "the process crashed (SIGSEGV)" in str(done.exception)
    assert not list(Path().glob("models/*"))
