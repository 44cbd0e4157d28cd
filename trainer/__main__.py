"""``python -m trainer``, and the ``trainer`` command."""

from __future__ import annotations

import sys

from edge import exits
from edge.distribution import install_command
from edge.errors import ConfigurationError

_PACKAGES = (
    "typer",
    "rich",
    "scipy",
    "flatbuffers",
    "ai_edge_litert",
    "packaging",
    "tensorboard",
    "threadpoolctl",
)


def main() -> int:
    """Run the ``trainer`` command and return its exit code."""
    return exits.run("trainer", _command)


def _command() -> int | None:
    try:
        from trainer.cli import app

        app()  # some packages are imported only where they are needed
    except ModuleNotFoundError as error:
        if error.name in _PACKAGES:
            raise ConfigurationError(f"the trainer needs {error.name}: {install_command('trainer')}") from None
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
