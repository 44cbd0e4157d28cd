"""What counts as a secret in an address, for everything that prints, stores or passes on an address.

User and password before the host, and everything after a ``?`` or ``#``, may be secret: cameras take passwords and
tokens in both places, under any name. Messages, JSON, units, status files and the list of processes show none of it.
"""

from __future__ import annotations

import re

SOURCE_VARIABLE = "EDGE_SOURCE"
"""The environment variable with the source of ``edge watch``, if the command line names none."""

ENVIRONMENT_SOURCE = "-"
"""The source that means that of the environment: the SOURCE of ``trainer teach`` if FOLDER stands behind it."""

_HIDDEN = "***"


def without_secrets(address: str) -> str:
    """``address`` for messages: ``***`` replaces user, password and everything after a ``?`` or ``#``.

    If an ``@`` after a ``?`` or ``#`` may belong to a password, only the scheme remains. A text without ``://`` is a
    path and stays as it is, but not one such as ``user:password@host``.
    """
    scheme, colon, rest = address.partition("://")
    if not colon:
        return f"{_HIDDEN}@{address.rpartition('@')[2]}" if re.search(":.*@", address, re.DOTALL) else address
    head, *tail = re.split("[?#]", rest, maxsplit=1)
    if tail and "@" in tail[0]:
        return f"{scheme}://{_HIDDEN}"
    _, at, host = head.rpartition("@")
    return f"{scheme}://{_HIDDEN + '@' if at else ''}{host}{'?' + _HIDDEN if tail else ''}"


def may_hold_secret(address: str) -> bool:
    """Whether ``address`` has a part that :func:`without_secrets` hides."""
    return without_secrets(address) != address
