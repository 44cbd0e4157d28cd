"""``python -m trainer``, and the ``trainer`` command."""

from __future__ import annotations

import os
import sys

from edge.run_command import run_command
from trainer.missing_package import explain_missing, extras_of


def main() -> int:
    """Run the ``trainer`` command and return its exit code."""
    return run_command("trainer", _command)


def _command() -> int | None:
    first = next(iter(sys.argv[1:]), None)
    try:
        from trainer.cli import Interrupted, command_line

        try:
            command_line(first)()  # some packages are imported only when they are needed
        except Interrupted:
            raise KeyboardInterrupt from None
    except ModuleNotFoundError as error:
        raise explain_missing(error, extras_of(first)) or error from None
    return 0


def start() -> None:
    """Run the command and end the process with its exit code.

    Python would wait for threads that still compute: a teaching session must end within a second. All output is flushed
    (see :mod:`edge.run_command`), and what must be on the disk is there.
    """
    os._exit(main())


if __name__ == "__main__":
    start()
