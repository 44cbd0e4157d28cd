"""What a sink needs that is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.distribution import install_command
from edge.errors import ConfigurationError


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """If a package of the extra ``name``, which is also the name of an option, is missing, say how to install it.

    Raises :class:`~edge.errors.ConfigurationError` then.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "edge":
            raise
        raise ConfigurationError(f"--{name} needs {error.name}: {install_command(name)}") from None
