"""Addresses of streams, checked before anything is opened."""

from __future__ import annotations

from urllib.parse import urlsplit

from edge.errors import UsageError
from edge.secrets import without_secrets


def check_address(address: str) -> None:
    """Check that ``address`` names a host and a possible port.

    Raises :class:`~edge.errors.UsageError` if it does not.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if not host or any(character.isspace() or not character.isprintable() for character in address):
        raise UsageError(
            f"{without_secrets(address)}: not an address such as {address.partition('://')[0]}://host:8080/path; "
            "in a user name or password write / as %2F, @ as %40, # as %23"
        )
