"""The user's home folder, which not every user has: a container may run under any number."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigurationError


def home_folder() -> Path:
    """The folder in ``HOME``, else that of the user's entry in the system's list of users.

    Raises :class:`~edge.errors.ConfigurationError` if there is neither.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigurationError("this user has no home folder; name one, such as HOME=/tmp/home") from None
