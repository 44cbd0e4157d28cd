"""The extras of the trainer: which packages they install, and the error if one of them is missing."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Sequence

from edge.distribution import DISTRIBUTION, install_command
from edge.errors import ConfigurationError


def extras_of(command: str | None) -> tuple[str, ...]:
    """The extras with the packages of ``command``, the first word after ``trainer``, the smallest first."""
    return ("teach",) if command == "teach" else ("trainer-lite", "trainer")


def explain_missing(error: ModuleNotFoundError, extras: Sequence[str]) -> ConfigurationError | None:
    """The error with the command that installs it, if ``error`` is about a package of ``extras``; None otherwise."""
    package = (error.name or "").partition(".")[0]
    for extra in extras:
        if package in _packages(extra):
            return ConfigurationError(f"the trainer needs {package}: {install_command(extra)}")
    return None


def _packages(extra: str) -> set[str]:
    """The import names of the packages of ``extra``: those of their distributions, with underscores.

    A checkout that was never installed has no such record: then there are none.
    """
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    ours = [text for text in requirements if re.search(rf"extra\s*==\s*['\"]{extra}['\"]", text)]
    return {re.split(r"[^\w.-]", text.strip())[0].replace("-", "_").lower() for text in ours}
