"""``python -m trainer``, and the ``trainer`` command."""

from __future__ import annotations

import sys

from edge import exits
from trainer.extra import explain_missing


def main() -> int:
    """Run the ``trainer`` command and return its exit code."""
    return exits.run("trainer", _command)


def _command() -> int | None:
    try:
        from trainer.cli import app

        app()  # some packages are imported only where they are needed
    except ModuleNotFoundError as error:
        missing = explain_missing(error)
        if missing is None:
            raise
        raise missing from None
    return 0


if __name__ == "__main__":
    sys.exit(main())
