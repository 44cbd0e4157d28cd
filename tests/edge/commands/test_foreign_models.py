"""Models of other projects on the command line: what is guessed is told, and can be said."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from edge.cli import main
from edge.inference.interpreter import installed_runtimes
from support.colours import fill
from support.paths import DATA
from support.surgery import with_zip

MODEL = str(DATA / "foreign" / "softmax.tflite")
RESCALING = str(DATA / "foreign" / "rescaling.tflite")
TOLD = "edge: no normalisation in the file: pixels are scaled to -1..1; --input-range 0,1 if its labels look wrong\n"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(Path("photos"), "blue.png", "red.png")
    Path("labels.txt").write_text("blue\ngreen\nred\n")


def _label(*arguments: str) -> int:
    return main(["label", "--model", MODEL, "--labels", "labels.txt", "--json", *arguments, "photos/red.png"])


def _scores(capsys: pytest.CaptureFixture[str]) -> list[float]:
    scores: list[float] = json.loads(capsys.readouterr().out)["scores"]
    return scores


def test_a_guess_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for many photos; none if the range is given."""
    assert main(["label", "--model", MODEL, "--labels", "labels.txt", "photos"]) == 0
    assert capsys.readouterr().err.count("no normalisation in the file") == 1
    assert _label() == 0
    assert capsys.readouterr().err == TOLD
    assert _label("--input-range", "0,1") == 0
    assert capsys.readouterr().err == ""


def test_three_ways_to_say_one_thing(capsys: pytest.CaptureFixture[str]) -> None:
    """A range that begins with a minus may stand in a word of its own, and mean and std mean the same."""
    found = []
    for words in (["--input-range", "-1,1"], ["--input-range=-1,1"], ["--mean", "127.5", "--std", "127.5,127.5,127.5"]):
        assert _label(*words) == 0
        found.append(_scores(capsys))
    assert found[0] == found[1] == found[2]
    _label("--input-range", "0,1")
    assert _scores(capsys) != found[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mean", "0"], "edge: mean and std belong together"),
        (["--std", "0", "--mean", "0"], "edge: std 0: must be above 0"),
        (["--input-range", "1,0"], "edge: input range 1,0: give two numbers"),
        (["--input-range", "5"], "'5' is not two numbers such as 0,1"),
        (["--mean", "x", "--std", "1"], "'x' is not a number"),
    ],
)
def test_options_that_make_no_sense(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each ends with exit code 2 and says how to write it."""
    assert _label(*words) == 2
    assert message in capsys.readouterr().err


def test_a_file_of_ours_refuses_them(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that says it itself takes no options for its pixels."""
    assert main(["label", "--model", str(DATA / "tiny-int8.tflite"), "--input-range", "0,1", "photos/red.png"]) == 65
    assert "leave out mean, std and input range" in capsys.readouterr().err


def test_scores_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What is done with outputs that are no probabilities is told too."""
    model = str(DATA / "foreign" / "logsoftmax.tflite")
    assert main(["label", "--model", model, "--labels", "labels.txt", "--input-range", "0,1", "photos/red.png"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].startswith("red (score=0.8")
    assert err == "edge: scores: exponential of the outputs, because the graph ends in log-softmax\n"


def test_no_numbers_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A model without scores that are numbers ends with exit code 65, not with an empty answer."""
    model = str(DATA / "foreign" / "infinite.tflite")
    assert main(["label", "--model", model, "--labels", "labels.txt", "photos/red.png"]) == 65
    assert "edge: the model's scores are not numbers for this picture" in capsys.readouterr().err


def test_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    """The table and the JSON show pixels and scores, for other models and for ours."""
    assert main(["inspect", RESCALING, "--labels", "labels.txt"]) == 0
    out = capsys.readouterr().out
    assert "pixels            scaled to 0..255 (guessed)\n" in out
    assert "scores            probabilities already\n" in out
    grey = str(DATA / "foreign" / "grey.tflite")
    assert main(["inspect", grey, "--labels", "labels.txt", "--input-range", "0,1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pixels"] == "one channel, grey; scaled to 0..1 (given)"
    for name, pixels in (("int8", "0..255, as they are"), ("float32", "scaled to -1..1 (in the file)")):
        assert main(["inspect", str(DATA / f"tiny-{name}.tflite"), "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["pixels"], facts["scores"]) == (pixels, "probabilities already")


def test_service(capsys: pytest.CaptureFixture[str]) -> None:
    """The unit holds the options; a range with a minus is one word."""
    options = ["--labels", "labels.txt", "--input-range", "-1,1"]
    assert main(["service", "0", "--model", MODEL, *options]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(line)  # a path with a space is quoted
    assert words[words.index("watch") :] == [
        *("watch", "0", "--model", MODEL),
        *("--labels", str(Path("labels.txt").absolute()), "--input-range=-1,1"),
    ]


def test_bench(capsys: pytest.CaptureFixture[str]) -> None:
    """Models of ours and others are measured in one run; the options are for the others."""
    words = ["bench", MODEL, str(DATA / "tiny-int8.tflite"), "--seconds", "0.01", "--rounds", "2", "--threads", "1"]
    (runtime, *_) = installed_runtimes()
    assert main([*words, "--runtime", runtime, "--input-range", "0,1", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [row["error"] for row in results["rows"]] == [None, None]
    assert results["command"].endswith("--input-range=0,1")


def test_store(capsys: pytest.CaptureFixture[str]) -> None:
    """A model without labels is refused with what makes one of it; one with labels is installed, its guess told."""
    assert main(["store", "install", MODEL]) == 65
    assert "the model carries no labels; give them with --labels FILE" in capsys.readouterr().err
    content = with_zip(Path(MODEL).read_bytes(), {"labels.txt": b"blue\ngreen\nred\n"})
    Path("model.tflite").write_bytes(content)
    assert main(["store", "install", "model.tflite", "--activate", "--health-window", "0"]) == 0
    assert TOLD in capsys.readouterr().err


@pytest.mark.parametrize("command", ["label", "inspect", "bench"])
def test_a_pipe_ends_in_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A named pipe instead of a model file never waits."""
    os.mkfifo("pipe")
    words = ["--model", "pipe", "photos"] if command == "label" else ["pipe"]
    assert main([command, *words]) == 65
    assert capsys.readouterr().err == (
        "edge: pipe: cannot read the model (a device, a pipe or a socket; give a regular file)\n"
    )
