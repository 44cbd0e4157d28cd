"""``python -m trainer``, and the ``trainer`` command."""

from __future__ import annotations

import sys

from edge.run_command import run_command
from trainer.missing_package import explain_missing


def main() -> int:
    """Run the ``trainer`` command and return its exit code."""
    return run_command("trainer", _command)


def _command() -> int | None:
    try:
        from trainer.cli import app

        app()  # some packages are imported only when they are needed
    except ModuleNotFoundError as error:
        raise explain_missing(error) or error from None
    return 0


if __name__ == "__main__":
    sys.exit(main())
