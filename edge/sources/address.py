"""Addresses of streams: checked before anything is opened, and shown without their secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from edge.errors import UsageError


def shown(address: str) -> str:
    """``address`` as it may be printed: ``***`` for user, password and all that follows a ``?`` or ``#``.

    Where it cannot be told apart whether an ``@`` belongs to a password, nothing but the scheme remains.
    """
    scheme, colon, rest = address.partition("://")
    if not colon:
        return address
    head, *tail = re.split("[?#]", rest, maxsplit=1)
    if tail and "@" in tail[0]:
        return f"{scheme}://***"
    _, at, host = head.rpartition("@")
    return f"{scheme}://{'***@' if at else ''}{host}{'?***' if tail else ''}"


def check_address(address: str) -> None:
    """Make sure that ``address`` names a host and a possible port.

    Raises :class:`~edge.errors.UsageError` where it does not.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(character.isspace() or not character.isprintable() for character in address):
        raise UsageError(
            f"{shown(address)}: not an address such as {address.partition('://')[0]}://host:8080/path; "
            "in a user name or password write / as %2F, @ as %40, # as %23"
        )
