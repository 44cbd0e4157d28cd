"""Commands that not every system can run: one line says so."""

from __future__ import annotations

import sys

from edge.errors import ConfigurationError

_NAMES = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


def check_system(what: str, *systems: str, instead: str) -> None:
    """Make sure that this is one of ``systems``, names of :data:`sys.platform`.

    ``what`` is the command or the part that needs them, ``instead`` what a user can do here.

    Raises :class:`~edge.errors.ConfigurationError`.
    """
    if sys.platform not in systems:
        here = _NAMES.get(sys.platform, sys.platform)
        known = " and ".join(_NAMES[name] for name in systems)
        raise ConfigurationError(f"{what} is for {known}, and this is {here}; {instead}")
