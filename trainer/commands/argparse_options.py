"""A command of the trainer whose options are those of an argparse parser: the device's commands have such parsers."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.markup import escape


def takes_options_of(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None]) -> Callable[..., None]:
    """A function for :meth:`typer.Typer.command` that calls ``run`` with what the words mean for ``parser``.

    Names, types, defaults and texts of the options are those of ``parser``; a text begins with a capital letter and
    ends with a full stop, as in the other commands. Positional arguments must be optional. The text of the command is
    the docstring of ``run``.
    """
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]

    def command(**given: Any) -> None:
        values = {
            action.dest: action.default if given[action.dest] is None else given[action.dest] for action in actions
        }
        run(argparse.Namespace(**values))

    titles = {
        action.dest: (group.title or "").capitalize()
        for group in parser._action_groups
        for action in group._group_actions
        if group not in (parser._positionals, parser._optionals)
    }
    parameters = [_parameter(parser, action, titles.get(action.dest)) for action in actions]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    command.__doc__ = run.__doc__
    return command


def _parameter(parser: argparse.ArgumentParser, action: argparse.Action, panel: str | None) -> inspect.Parameter:
    text = (action.help or "") % {**vars(action), "prog": parser.prog}
    text = escape(f"{text[:1].upper()}{text[1:]}.")
    information: Any
    kind: Any = str | None
    if not action.option_strings:
        word = str(action.metavar or action.dest.upper())
        information = typer.Argument(metavar=word, help=text, show_default=False, parser=_reader(action))
    elif action.nargs == 0:
        kind = bool
        information = typer.Option(*action.option_strings, help=text, show_default=False, rich_help_panel=panel)
    else:
        information = typer.Option(
            *action.option_strings,
            help=text,
            show_default=False,
            metavar=str(action.metavar or "|".join(action.choices or ()) or action.dest.upper()),
            parser=_reader(action),
            rich_help_panel=panel,
        )
    return inspect.Parameter(
        action.dest,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if kind is bool else None,
        annotation=Annotated[kind, information],
    )


def _reader(action: argparse.Action) -> Callable[[str], Any]:
    """What makes a value of a word, with the error that Typer shows."""
    convert: Any = action.type or str

    def read(word: str) -> Any:
        try:
            value = convert(word)
        except argparse.ArgumentTypeError as error:
            raise typer.BadParameter(str(error)) from None
        if action.choices is not None and value not in action.choices:
            raise typer.BadParameter(f"{word!r} is not one of {', '.join(map(str, action.choices))}")
        return value

    return read
