"""The extra ``trainer``: which packages it installs, and the error if one of them is missing."""

from __future__ import annotations

import importlib.metadata
import re

from edge.distribution import DISTRIBUTION, install_command
from edge.errors import ConfigurationError


def explain_missing(error: ModuleNotFoundError) -> ConfigurationError | None:
    """The error with the command that installs it, if ``error`` is about a package of the extra; None otherwise."""
    package = (error.name or "").partition(".")[0]
    if package not in _packages():
        return None
    return ConfigurationError(f"the trainer needs {package}: {install_command('trainer')}")


def _packages() -> set[str]:
    """The import names of the extra's packages: those of their distributions, with underscores.

    A checkout that was never installed has no such record: then there are none.
    """
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    ours = [text for text in requirements if re.search(r"extra\s*==\s*['\"]trainer['\"]", text)]
    return {re.split(r"[^\w.-]", text.strip())[0].replace("-", "_").lower() for text in ours}
