"""The ``edge`` command: puts its subcommands together."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from edge import exits
from edge.commands import bench, inspect, label

_COMMANDS = (label, inspect, bench)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``edge`` command and return its exit code."""
    return exits.run("edge", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge", description="Label images on the device.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add(commands)
    return parser
