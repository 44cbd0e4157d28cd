"""The command reference says what the help texts say."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from docs.tools.command_reference import FOLDER, ROOT, Program, pages, programs
from edge.cli import build_parser


@pytest.fixture(scope="module")
def read() -> list[Program]:
    """The programs, read from their parsers."""
    return programs()


def test_pages_are_those_of_the_help_texts(read: list[Program]) -> None:
    """``docs/commands`` is what ``make command-reference`` writes."""
    made = pages(read)
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(made)
    for name, text in made.items():
        assert (FOLDER / name).read_text("utf-8") == text, f"docs/commands/{name} is old: make command-reference"


def test_every_command_has_an_example_that_names_it(read: list[Program]) -> None:
    """An example begins with the command that it explains."""
    for program in read:
        for command in program.commands:
            if command.name != program.name:
                assert (command.example or "").startswith(f"{command.name} ") or command.example == command.name


def test_every_option_is_explained(read: list[Program]) -> None:
    """No option and no argument without a text."""
    silent = [f"{c.name} {o.name}" for program in read for c in program.commands for o in c.options if not o.text]
    assert silent == []


def test_defaults_move_into_a_column_of_their_own(read: list[Program]) -> None:
    """Stated in the help or known to the parser; a flag has no value and no default."""
    label = next(command for command in read[0].commands if command.name == "edge label")
    rows = {option.name: option for option in label.options}
    assert rows["--top-k"].default == "5"
    assert "default" not in rows["--top-k"].text
    assert (rows["--json"].value, rows["--json"].default) == ("", "")
    retrain = next(command for command in read[1].commands if command.name == "trainer retrain")
    assert {"--seed": "INTEGER", "--report": ""}.items() <= {o.name: o.value for o in retrain.options}.items()
    assert retrain.usage == "trainer retrain [OPTION ...] IMAGE_DIR"


def test_pages_name_no_folder_of_this_machine(read: list[Program]) -> None:
    """A default below the checkout is written from its root on, and none lies in a home folder."""
    text = "".join(pages(read).values())
    assert "| benchmarks/results |" in text
    assert str(ROOT) not in text
    assert Path.home().parent == Path.home() or f"{Path.home()}/" not in text  # "/" of a user without a home


def test_width_of_the_terminal_changes_nothing(read: list[Program], monkeypatch: pytest.MonkeyPatch) -> None:
    """What argparse and Typer would wrap is read unwrapped."""
    monkeypatch.setenv("COLUMNS", "30")
    assert pages(programs()) == pages(read)


def test_examples_of_edge_are_valid(read: list[Program]) -> None:
    """The parser takes every example of ``edge``, and finds the function of the subcommand that it names."""
    for command in read[0].commands:
        if command.example:
            words = shlex.split(command.example)[1:]
            options = build_parser([]).parse_args(words)
            name = words[1] if words[0] == "store" else words[0]
            assert callable(options.command)
            assert (options.command.__module__, options.command.__name__) == (f"edge.commands.{words[0]}", f"_{name}")
