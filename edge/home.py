"""The user's own folders, and the home folder, which not every user has: a container may run under any number."""

from __future__ import annotations

import os
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


def user_folder(variable: str, *below_home: str) -> Path:
    """The folder that ``variable``, such as ``XDG_CACHE_HOME``, names, else the one ``below_home``.

    A relative path counts as none (XDG Base Directory Specification, *Basics*): it would be another folder wherever a
    command is started.

    Raises :class:`~edge.errors.ConfigurationError` if it names none and the user has no home folder.
    """
    named = os.environ.get(variable, "")
    return Path(named) if os.path.isabs(named) else home_folder().joinpath(*below_home)
