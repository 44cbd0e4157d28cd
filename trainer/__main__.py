"""``python -m trainer``, and the ``trainer`` command."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from edge.run_command import run_command
from edge.system.drives import asking, with_limit
from trainer.missing_package import explain_missing, extras_of


def main() -> int:
    """Run the ``trainer`` command and return its exit code."""
    return run_command("trainer", _command)


def _command() -> int | None:
    first = next(iter(sys.argv[1:]), None)
    with_limit(lambda: _look_at(sys.argv[2:]))
    try:
        from trainer.cli import Interrupted, command_line

        try:
            command_line(first)()  # some packages are imported only when they are needed
        except Interrupted:
            raise KeyboardInterrupt from None
    except ModuleNotFoundError as error:
        raise explain_missing(error, extras_of(first)) or error from None
    return 0


def _look_at(words: Sequence[str]) -> None:
    """Ask the drives of all paths among ``words``: the command line's parser asks them too, without a limit of time."""
    for word in words:
        path = word.partition("=")[2] if word.startswith("-") else word
        with asking(path), contextlib.suppress(OSError, ValueError):  # ValueError: a zero byte in it
            os.stat(path)


def start() -> None:
    """Run the command and end the process with its exit code.

    Python would wait for threads that still compute: a teaching session must end within a second. All output is flushed
    (see :mod:`edge.run_command`), and what must be on the disk is there.
    """
    os._exit(main())


if __name__ == "__main__":
    start()
