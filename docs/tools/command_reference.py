"""The pages of ``docs/commands``, made from the help texts: ``make command-reference``.

The parsers are read, not their ``--help``: what that prints depends on the width of the terminal and on the release of
Python. A test compares the pages with what this module makes.
"""

from __future__ import annotations

import argparse
import enum
import inspect
import re
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "commands"

_DEFAULT = re.compile(r"\s*\(default:? ((?:[^()]|\([^()]*\))*)\)")
_EXAMPLE = re.compile(r"examples?: ", re.IGNORECASE)
_VALUES = {int: "INTEGER", float: "NUMBER", Path: "PATH", str: "TEXT"}


class Option(NamedTuple):
    """An argument or an option: how it is written, its value (empty for a flag), its default, and what it means."""

    name: str
    value: str
    default: str
    text: str
    is_argument: bool


class Command(NamedTuple):
    """One command, such as ``edge store install``; ``usage`` is the whole line."""

    name: str
    text: str
    usage: str
    options: list[Option]
    example: str | None

    @property
    def heading(self) -> str:
        """The name without ``python -m``: what GitHub and MkDocs make the same anchor of."""
        return self.name.removeprefix("python -m ")


class Program(NamedTuple):
    """A program with its commands, and the page that describes them."""

    page: str
    name: str
    text: str
    commands: list[Command]


def programs() -> list[Program]:
    """All programs of the project, read from their parsers."""
    from benchmarks.__main__ import app as benchmarks_app
    from edge.cli import build_parser
    from trainer.cli import app as trainer_app

    edge = build_parser([])
    found = [Program("edge.md", "edge", edge.description or "", list(_read_argparse(edge)))]
    for page, name, app in (
        ("trainer.md", "trainer", trainer_app),
        ("benchmarks.md", "python -m benchmarks", benchmarks_app),
    ):
        command = typer.main.get_command(app)
        found.append(Program(page, name, command.help or "", list(_read_typer(command, name))))
    return found


def pages(of: list[Program]) -> dict[str, str]:
    """The content of each page, by its name."""
    return {"README.md": _index(of), **{program.page: _page(program) for program in of}}


def write(folder: Path = FOLDER) -> None:
    """Write all pages into ``folder``."""
    for name, text in pages(programs()).items():
        (folder / name).write_text(text, "utf-8")


def _read_argparse(parser: argparse.ArgumentParser) -> Iterator[Command]:
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    inner = [action for action in shown if isinstance(action, argparse._SubParsersAction)]
    own = [action for action in shown if action not in inner and not isinstance(action, argparse._HelpAction)]
    if own:
        options = [_argparse_option(parser, action) for action in own]
        arguments = [_argparse_usage(action) for action in own if not action.option_strings]
        arguments += ["COMMAND ..."] * len(inner)
        yield _command(parser.prog, parser.description, arguments, options, parser.epilog)
    for action in inner:
        for command in action.choices.values():
            yield from _read_argparse(command)


def _argparse_option(parser: argparse.ArgumentParser, action: argparse.Action) -> Option:
    text, default = _without_default((action.help or "") % {**vars(action), "prog": parser.prog})
    word = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return Option(word, "", default, text, True)
    value = "" if action.nargs == 0 else " or ".join(action.choices) if action.choices else word
    if not default and action.default not in (None, False, argparse.SUPPRESS):
        default = _default(action.default)
    return Option(", ".join(action.option_strings), value, default, text, False)


def _argparse_usage(action: argparse.Action) -> str:
    word = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return {"+": f"{word} ...", "*": f"[{word} ...]", "?": f"[{word}]"}.get(str(action.nargs), word)


def _read_typer(command: Any, name: str) -> Iterator[Command]:
    commands = getattr(command, "commands", None)
    for short, inner in (commands or {}).items():
        yield from _read_typer(inner, f"{name} {short}")
    if commands is None:
        hints = typing.get_type_hints(command.callback, include_extras=True)
        options = [_typer_option(param, hints[param.name]) for param in command.params if param.name in hints]
        arguments = [_typer_usage(param) for param in command.params if param.param_type_name == "argument"]
        yield _command(name, command.help, arguments, options, command.epilog)


def _typer_option(param: Any, hint: Any) -> Option:
    kind, info = hint.__origin__, hint.__metadata__[0]
    text, default = _without_default((info.help or "").replace("\\[", "["))  # escaped for Rich
    if param.param_type_name == "argument":
        return Option(param.name.upper(), "", default, text, True)
    if not default and param.default not in (None, False):
        default = _default(getattr(param.default, "value", param.default))
    value = "" if param.is_flag else (info.metavar or _value(kind)).replace("|", " or ")
    return Option(", ".join(param.opts), value, default, text, False)


def _value(kind: Any) -> str:
    inner = [part for part in typing.get_args(kind) if part is not type(None)]
    if inner:  # one value of list[Path] | None is a Path
        return _value(inner[0])
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return " or ".join(str(member.value) for member in kind)
    return _VALUES[kind]


def _default(value: object) -> str:
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _typer_usage(param: Any) -> str:
    word = param.name.upper() + (" ..." if param.nargs != 1 else "")
    return word if param.required else f"[{word}]"


def _command(
    name: str, text: str | None, arguments: Iterable[str], options: list[Option], epilog: str | None
) -> Command:
    usage = " ".join([name, *(["[OPTION ...]"] if not all(o.is_argument for o in options) else []), *arguments])
    example = _EXAMPLE.sub("", epilog, count=1) if epilog else None
    return Command(name, " ".join((text or "").split()), usage, options, example)


def _without_default(text: str) -> tuple[str, str]:
    """``text`` without its "(default: ...)", and what stood there."""
    found = _DEFAULT.search(text)
    return (_DEFAULT.sub("", text, count=1), found[1]) if found else (text, "")


def _index(of: list[Program]) -> str:
    lines = ["# Commands", "", _made("the help texts of the three programs"), ""]
    for program in of:
        lines += [
            f"## [{program.name}]({program.page})",
            "",
            program.text,
            "",
            "| command | what it does |",
            "|---|---|",
        ]
        for command in program.commands:
            if command.name != program.name:
                link = f"[`{command.name}`]({program.page}#{command.heading.replace(' ', '-')})"
                lines.append(f"| {link} | {_cell(command.text)} |")
        lines.append("")
    lines += ["The [exit codes](../edge.md#exit-codes) are the same for all of them.", ""]
    return "\n".join(lines)


def _page(program: Program) -> str:
    lines = [f"# {program.name}", "", program.text, "", _made(f"the help texts of `{program.name}`"), ""]
    for command in program.commands:
        lines += [f"## {command.heading}", "", _prose(command.text), "", "```", command.usage, "```", ""]
        for is_argument, title in ((True, "argument"), (False, "option")):
            rows = [option for option in command.options if option.is_argument is is_argument]
            if rows:
                lines += [*_table(title, rows), ""]
        if command.example:
            lines += ["For example:", "", "```sh", command.example, "```", ""]
    return "\n".join(lines)


def _table(title: str, rows: list[Option]) -> Iterator[str]:
    with_value, with_default = (any(row.value for row in rows), any(row.default for row in rows))
    head = [title, *["value"] * with_value, "meaning", *["default"] * with_default]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        value = " or ".join(f"`{part}`" for part in row.value.split(" or ")) if row.value else ""
        cells = [f"`{row.name}`", *[value] * with_value, _cell(row.text), *[_cell(row.default)] * with_default]
        yield f"| {' | '.join(cells)} |"


def _made(of: str) -> str:
    return f"*Made from {of} by `make command-reference`; a test compares both.*"


def _prose(text: str) -> str:
    return re.sub(r"([<*\[\]])", r"\\\1", text)


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")


if __name__ == "__main__":
    write()
