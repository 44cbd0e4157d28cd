"""Each default of a command is written once."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import edge
from edge import Classifier
from edge.cli import build_parser
from edge.inference.label_photos import label_photos
from edge.live.watch import WatchSettings
from edge.store.retention import KEEP, collect

COMMANDS = sorted((Path(edge.__file__).parent / "commands").glob("*.py"))
ONLY_HERE = {
    "--every",
    "--smooth",
    "--max-frame-age",
    "--health-window",
    "--rounds",
    "--seconds",
    "--pull-folder",
    "--remember",
}
"""Options whose default is a constant in the command: nothing below it in this package has a default for them."""


def test_numbers_stand_in_a_command_only_if_nothing_else_has_a_default() -> None:
    """Every other option takes its default by name from the module that does the work."""
    found = set()
    for path in COMMANDS:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument":
                for keyword in call.keywords:
                    if (
                        keyword.arg == "default"
                        and isinstance(keyword.value, ast.Constant)
                        and keyword.value.value is not None
                    ):
                        found.add(ast.literal_eval(call.args[0]))
    assert found == ONLY_HERE
    assert WatchSettings._field_defaults == {}


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_no_help_text_repeats_a_default(path: Path) -> None:
    """The number that a help text names is put there from the option's default."""
    assert not re.findall(r"\(default [0-9][^)]*\)", path.read_text(encoding="utf-8"))


def test_the_help_names_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """A person reads the default in the help, without a needless .0."""
    seen = []
    for words in (["store", "install"], ["store", "gc"], ["watch"], ["bench"], ["label"], ["service"]):
        with pytest.raises(SystemExit):
            build_parser(words).parse_args([*words, "--help"])
        seen += re.findall(r"\(default ([^:;)]+)", " ".join(capsys.readouterr().out.split()))
    assert seen == ["30", "3", "0.5", "1", "1000", "10", "5", "1", "5", "0", "edge-watch"]


def test_the_commands_and_python_have_the_same_defaults() -> None:
    """``edge label`` and ``edge store gc`` do what a call without arguments does."""
    label = build_parser(["label"]).parse_args(["label", "x.jpg"])
    for function in (Classifier.classify, label_photos):
        parameters = inspect.signature(function).parameters
        assert parameters["top_k"].default == label.top_k == 5
        assert parameters["score_threshold"].default == label.score_threshold == 0
    kept = build_parser(["store"]).parse_args(["store", "gc"]).keep
    assert inspect.signature(collect).parameters["keep"].default == kept == KEEP == 3
