"""The user who runs the tests: not every one has a name, as in a container that is run as a number."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil

import pytest


def has_name() -> bool:
    """Whether the system knows a name for this user's number; OpenSSH's programs work for no other user."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True


needs_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None or not has_name(),
    reason="no ssh-keygen (apt install openssh-client), or a user without a name, for whom it does not work",
)


def rare_user_name() -> str:
    """The user's name, which no text may hold; for a short one, such as ``test``, that of nobody."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return name if len(name) > 4 else "nobody-has-this-name"
