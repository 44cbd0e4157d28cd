"""Addresses of streams: checked before anything is opened, and printed without their secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from edge.errors import UsageError


def without_secrets(address: str) -> str:
    """``address`` for messages: ``***`` replaces user, password and everything after a ``?`` or ``#``.

    If an ``@`` after a ``?`` or ``#`` may belong to a password, only the scheme remains.
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
    """Check that ``address`` names a host and a possible port.

    Raises :class:`~edge.errors.UsageError` if it does not.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(character.isspace() or not character.isprintable() for character in address):
        raise UsageError(
            f"{without_secrets(address)}: not an address such as {address.partition('://')[0]}://host:8080/path; "
            "in a user name or password write / as %2F, @ as %40, # as %23"
        )
