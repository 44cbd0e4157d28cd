"""What all commands of ``edge`` share: usage, help, errors and their exit codes, pipes, Ctrl-C and the version."""

from __future__ import annotations

import importlib.metadata
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.inference.interpreter import missing_fix
from support import surgery
from support.colours import encoded, plain
from support.surgery import Patient

pytestmark = pytest.mark.usefixtures("in_a_folder_with_photos")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["lable"], "invalid choice"),
        (["label"], "the following arguments are required: PATH"),
        (["label", "--top-k", "0", "x"], "'0' is not a whole number of at least 1"),
        (["label", "--top-k", "-1", "x"], "argument --top-k"),
        (["label", "--top-k", "2.5", "x"], "'2.5' is not a whole number"),
        (["label", "--threads", "zero", "x"], "'zero' is not a whole number"),
        (["label", "--score-threshold", "1.1", "x"], "'1.1' is not a number from 0 to 1"),
        (["label", "--score-threshold", "nan", "x"], "'nan' is not a number from 0 to 1"),
        (["label", "--score-threshold", "high", "x"], "'high' is not a number from 0 to 1"),
        (["label", "--runtime", "tensorflow", "x"], "invalid choice: 'tensorflow'"),
        (["inspect"], "the following arguments are required: MODEL"),
    ],
)
def test_usage_errors(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake on the command line is exit code 2 and says which argument is wrong."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_too_many_threads(capsys: pytest.CaptureFixture[str]) -> None:
    """A number of threads above 1024 is a mistake in usage, for one photo and for many."""
    for paths in (["photos/red.png"], ["photos"]):
        assert main(["label", "--model", "tiny.tflite", "--threads", "99999999999", *paths]) == 2
        assert "give a number from 1 to 1024" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["label", "inspect", None])
def test_help(command: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """--help is exit code 0, goes to stdout, and each command has an example."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "--help"] if command else ["--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: edge")
    assert command is None or f"example: edge {command} " in out


def _bad_models() -> dict[str, bytes]:
    content = surgery.tiny("int8")
    patient = Patient(content)
    quantization = patient.tensor("image").table(surgery.QUANTIZATION)
    assert quantization is not None
    return {
        "empty": b"",
        "picture": encoded(plain("red"), "PNG"),
        "truncated": content[:2000],
        "without its end": content[:-30],
        "scale 0": patient.set_item(quantization, surgery.SCALE, "f", 0.0).content,
        "flipped": Patient(content).flip_weight().content,
    }


@pytest.mark.parametrize("fault", _bad_models())
@pytest.mark.parametrize("command", [["inspect"], ["label", "photos", "--model"]])
def test_bad_models(fault: str, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A bad model is one line on stderr that names the file, nothing on stdout, and exit code 65."""
    Path("bad.tflite").write_bytes(_bad_models()[fault])
    assert main([*command, "bad.tflite"]) == 65
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("edge: bad.tflite: ") and err.count("\n") == 1


@pytest.mark.parametrize("command", [["label", "photos/red.png", "--model"], ["inspect"]])
def test_labels_for_our_own_model(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--labels on a model that carries its labels is refused: they could only be wrong."""
    Path("names.txt").write_text("blue\ngreen\nred\n")
    assert main([*command, "tiny.tflite", "--labels", "names.txt"]) == 65
    assert "carries its own labels; leave out the label file" in capsys.readouterr().err


def test_without_an_interpreter(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If no interpreter is installed, the exit code is 78 and the line says what to install."""
    monkeypatch.setattr("edge.inference.interpreter.installed_runtimes", list)
    for paths in (["photos/red.png"], ["photos"]):
        assert main(["label", "--model", "tiny.tflite", *paths]) == 78
        err = capsys.readouterr().err
        assert err == f"edge: no TFLite interpreter is installed: {missing_fix()}\n"


def test_disk_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the disk in the middle of a run is exit code 74, not a traceback."""

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error", "photos")

    monkeypatch.setattr("edge.commands.label.find_photos", broken)
    assert main(["label", "--model", "tiny.tflite", "photos"]) == 74
    assert capsys.readouterr().err == "edge: photos: Input/output error\n"


def test_command_in_its_own_process(edge_command) -> None:
    """``python -m edge`` is the same command: results on stdout, nothing of the runtime on stderr."""
    done = edge_command("label", "--model", "tiny.tflite", "--top-k", "1", "photos/green.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "green (score=0.99609)\n", "")
    done = edge_command("label", "--model", "gone.tflite", "photos")
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr == "edge: gone.tflite: cannot read the model (No such file or directory)\n"


def test_installed_command() -> None:
    """The ``edge`` script beside this Python is there and works."""
    script = Path(sys.executable).with_name("edge")
    done = subprocess.run([script, "inspect", "tiny.tflite"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed" in done.stdout


def _many_photos() -> None:
    """More photos than a pipe holds records of, as links to one."""
    for number in range(1200):
        Path("photos", f"red-{number:04d}.png").hardlink_to("photos/red.png")


def _plain_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore Ctrl-C


def _popen(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "edge", "label", "--model", "tiny.tflite", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # else the pipe would be read further than the line asked for
        pipesize=1 << 16,  # a system with larger pages of memory, as on a Raspberry Pi 5, has larger pipes
        preexec_fn=_plain_signals,
    )


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_closed_pipe_ends_quietly(form: list[str]) -> None:
    """``edge label photos | head -1``: the first line comes early, and the command ends without a message."""
    _many_photos()
    with _popen(*form, "photos") as process:
        assert process.stdout is not None and process.stderr is not None
        assert b"photos/blue.png" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_ctrl_c() -> None:
    """Ctrl-C in the middle of a run: whole lines so far, one line on stderr, exit code 130."""
    _many_photos()
    with _popen("--json", "photos") as process:
        assert process.stdout is not None
        first = process.stdout.readline()  # and with the pipe unread the rest must wait
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b"edge: interrupted; run the same command again to go on\n"
    lines = (first + out).splitlines(keepends=True)
    assert 1 <= len(lines) < 1203
    assert all(json.loads(line)["path"] for line in lines if line.endswith(b"\n"))


def test_the_version_is_that_of_the_installed_package(edge_command) -> None:
    """One line on stdout; run from its source alone the package says so."""
    done = edge_command("--version")
    assert (done.returncode, done.stderr) == (0, "")
    try:
        expected = f"edge {importlib.metadata.version('edge-for-poets')}\n"
    except importlib.metadata.PackageNotFoundError:
        expected = "edge, not installed but run from its source\n"
    assert done.stdout == expected


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["label", "--model", "m", "a.jpg", "--topk", "1"], "--topk, 1; did you mean --top-k? edge label --help"),
        (["store", "list", "--jsn"], "--jsn; did you mean --json? edge store --help"),
        (["inspect", "a.tflite", "b.tflite"], "b.tflite; edge inspect --help"),
        (["--xyzzy", "inspect", "a.tflite"], "--xyzzy; edge inspect --help"),
    ],
)
def test_an_option_that_is_not_known(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line names it and the nearest one that there is."""
    assert main(arguments) == 2
    name = next(word for word in arguments if not word.startswith("-"))
    assert capsys.readouterr().err == f"edge: edge {name} does not know {line} lists all options\n"
