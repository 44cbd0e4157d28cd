"""``--delegate`` in the commands: what it labels, what is recorded, and one line for what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from support.delegates import FAVOURED, words

pytestmark = pytest.mark.usefixtures("in_a_folder_with_photos")


def test_label_many_photos(delegate_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every worker has the delegate: it gives each photo the label that it favours."""
    assert main(["label", "--model", "tiny.tflite", "photos", "--json", *words(delegate_library, **FAVOURED)]) == 0
    labels = [json.loads(line)["labels"][0] for line in capsys.readouterr().out.splitlines()]
    assert labels == ["green"] * 3


def test_label_says_if_it_has_nothing_to_do(delegate_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One photo gets its label from the processor, and one line says so."""
    arguments = ["label", "--model", "tiny.tflite", "photos/red.png", *words(delegate_library, operators="none")]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("red (score=")
    assert captured.err == (
        "edge: libtestdelegate.so takes over no operator of this model: the processor computes all of it\n"
    )


def test_inspect_records_it(delegate_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The delegate, its options and its parts of the model are among the facts, in JSON and in the table."""
    delegate = words(delegate_library, calls="folder/calls")
    Path("folder").mkdir()
    assert main(["inspect", "tiny.tflite", "--json", *delegate]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["delegate"] == {"library": str(delegate_library), "options": {"calls": "folder/calls"}, "parts": 1}
    assert facts["self_test"]["passed"]
    assert main(["inspect", "tiny.tflite", *delegate]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["delegate", "libtestdelegate.so calls=calls, in 1 place of the model"] in lines
    assert main(["inspect", "tiny.tflite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["delegate"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--delegate-option", "a=b"], 2, "--delegate-option a=b is for a delegate; give --delegate LIBRARY too"),
        (["--delegate="], 2, "--delegate is empty; give the name or the path of a library"),
        (["--delegate=x", "--delegate-option=a=", "--delegate-option=a=1"], 2, "--delegate-option a is given twice; "),
        (["--delegate=x", "--delegate-option=a"], 2, "argument --delegate-option: 'a' is not KEY=VALUE, such as "),
        (["--delegate=x", "--delegate-option==a"], 2, "argument --delegate-option: '=a' is not KEY=VALUE, such as "),
        (["--delegate=./x"], 78, "the delegate does not load (./x: cannot open shared object file: "),
    ],
)
def test_wrong_options(arguments: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is one line, after the usage if the command line is wrong, with the exit code of the table."""
    assert main(["label", "--model", "tiny.tflite", "photos/red.png", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert line in captured.err.splitlines()[-1]


def test_a_crash_is_one_line(delegate_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A delegate that crashes ends the command with 78, and no photo is labelled."""
    arguments = ["label", "--model", "tiny.tflite", "photos", *words(delegate_library, crash="inference")]
    assert main(arguments) == 78
    captured = capsys.readouterr()
    assert captured.out == ""
    (message,) = captured.err.splitlines()
    assert "(the process crashed (SIGSEGV)): use a release of it that was built for this interpreter" in message
