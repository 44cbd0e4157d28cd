"""The ``edge`` command and its subcommands."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence

from edge.errors import UsageError
from edge.run_command import run_command
from edge.shorten import list_names

_COMMANDS = ("label", "watch", "serve", "inspect", "bench", "doctor", "service", "store")
"""Modules of :mod:`edge.commands`, each named as its subcommand; in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``edge`` command and return its exit code."""
    return run_command("edge", lambda: _run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    from edge.commands.arguments import with_joined_numbers  # every subcommand imports it

    parser = build_parser(arguments)
    options, unknown = parser.parse_known_args(with_joined_numbers(arguments))
    if unknown:
        name = next(word for word in arguments if word in _COMMANDS)  # there is one, or the parser had ended
        raise _not_known(unknown, name, set(_options_of(parser)))
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _not_known(words: Sequence[str], command: str, options: set[str]) -> UsageError:
    """The error for ``words`` that are neither options nor arguments of ``command``."""
    import difflib  # it is needed for a mistake alone

    near = difflib.get_close_matches(words[0].partition("=")[0], sorted(options), 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return UsageError(
        f"edge {command} does not know {list_names(words)}; {hint}edge {command} --help lists all options"
    )


def _options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _options_of(command)


def build_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the one subcommand that ``arguments`` begin with; of all subcommands if they begin with none.

    A cold start spends no time on the imports and options of the other subcommands.
    """
    parser = argparse.ArgumentParser(prog="edge", description="Label images on the device.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in arguments[:1] if arguments and arguments[0] in _COMMANDS else _COMMANDS:
        importlib.import_module(f"edge.commands.{name}").add(commands)
    return parser


class _Version(argparse.Action):
    """Looks up the version only if it is asked for: this is slow, and ``edge label`` must not wait for it."""

    def __call__(self, parser: argparse.ArgumentParser, *details: object) -> None:
        """Print ``edge VERSION`` and exit."""
        from edge.distribution import DISTRIBUTION, installed_version

        version = installed_version(DISTRIBUTION)
        print("edge, not installed but run from its source" if version is None else f"edge {version}")
        parser.exit()
