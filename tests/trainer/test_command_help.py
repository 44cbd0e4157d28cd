"""The help of the trainer command, and what it says of an impossible command line.

The command runs in this process, but for one test: the start of a process takes longer than all the rest.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from trainer.__main__ import main
from trainer.cli import app

Main = Callable[..., "subprocess.CompletedProcess[str]"]

GROUPS = {"": app, **{f"{group.name} ": group.typer_instance for group in app.registered_groups}}
COMMANDS = [f"{group}{command.name}" for group, commands in GROUPS.items() for command in commands.registered_commands]


@pytest.fixture
def run_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Main:
    """Run ``trainer ARGUMENTS...`` in this process; the exit code, and what was printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["trainer", *arguments])
        code = main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    return run


def test_help_lists_every_command(trainer) -> None:
    """Trainer --help, and trainer alone, name every command, among them the four of the main job."""
    assert {"retrain", "bottlenecks", "evaluate", "architectures"} <= set(COMMANDS)
    done, alone = trainer("--help"), trainer()
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert command.split()[0] in done.stdout
        assert command.split()[0] in alone.stdout + alone.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run_main: Main, command: str) -> None:
    """The example is a line that begins with the command itself."""
    done = run_main(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Example: trainer {command}" in " ".join(done.stdout.split())
    assert "--json" in done.stdout


def test_retrain_help_has_the_codelabs_options(run_main: Main) -> None:
    """The options of the codelab's script have the same names here."""
    words = run_main("retrain", "--help").stdout.split()
    for option in ("architecture", "bottleneck-dir", "training-steps", "summaries-dir", "testing-percentage"):
        assert f"--{option}" in words
    for option in ("validation-percentage", "output", "quantization", "seed", "weights", "json"):
        assert f"--{option}" in words


@pytest.mark.parametrize(
    "arguments",
    [
        ["retrain"],
        ["retrain", ".", "--no-such-option"],
        ["retrain", ".", "--quantization", "int4"],
        ["retrain", ".", "--training-steps", "many"],
        ["retrain", ".", "--training-steps", "0"],
        ["retrain", ".", "--architecture", "mobilenet_v2"],
        ["retrain", ".", "--fine-tune", "0"],
        ["retrain", ".", "--fine-tune", "5", "--fine-tune-from", "14"],
        ["retrain", ".", "--fine-tune-from", "6"],
        ["retrain", ".", "--fine-tune", "5", "--cross-validate"],
        ["retrain", ".", "--testing-percentage", "0"],
        ["retrain", ".", "--testing-percentage", "60", "--validation-percentage", "60"],
        ["bottlenecks"],
        ["evaluate", "model.tflite"],
        ["evaluate", "model.tflite", ".", "--split", "some"],
        ["architectures", "surplus"],
        ["no-such-command"],
    ],
    ids=" ".join,
)
def test_usage_error_ends_in_2_without_a_traceback(run_main: Main, arguments: list[str]) -> None:
    """An impossible command line is explained on stderr; stdout stays empty."""
    done = run_main(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
