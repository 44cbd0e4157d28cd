"""The address of an MQTT broker, ``mqtt://...``, and the password for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from edge.errors import ConfigurationError, UsageError

PASSWORD_VARIABLE = "EDGE_MQTT_PASSWORD"
"""The environment variable with the user's password, if ``--mqtt-password-file`` is not given."""

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt[s]://[user@]host[:port]/topic"


class Broker(NamedTuple):
    """The address of a broker. ``topic`` is the prefix of all topics that are used, without slashes at its ends."""

    host: str
    port: int
    topic: str
    user: str | None = None
    tls: bool = False

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


def parse_broker(address: str) -> Broker:
    """The broker at ``address``, ``mqtt[s]://[user@]host[:port]/topic``; user and topic may be %-encoded.

    Raises :class:`~edge.errors.UsageError` if it is not such an address, or has a password in it. The message does not
    show the password.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise UsageError(f"this is not the address of a broker; give {_FORM}") from None
    if parts.password is not None:
        raise UsageError(
            "the broker's address must not hold a password: every user of this machine could read it; put it into a "
            f"file, --mqtt-password-file FILE, or into the variable {PASSWORD_VARIABLE}"
        )
    topic = unquote(parts.path).strip("/")
    # A password with a # or / in it may be in any of these parts, so the message shows none of them.
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"this is not the address of a broker; give {_FORM}")
    if not topic or any(character in topic for character in "+#\0"):
        raise UsageError("the broker's address needs a topic without + and #, such as mqtt://host/kitchen/camera")
    user = unquote(parts.username) if parts.username else None
    return Broker(parts.hostname, port or _PORTS[parts.scheme], topic, user, parts.scheme == "mqtts")


def read_password(file: Path | None) -> str | None:
    """The first line of ``file``, else the variable :data:`PASSWORD_VARIABLE`, else None.

    Raises :class:`~edge.errors.ConfigurationError` if the file cannot be read or begins with an empty line.
    """
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE) or None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(
            f"{file}: the broker's password cannot be read ({reason}); check --mqtt-password-file"
        ) from None
    if not lines or not lines[0]:
        raise ConfigurationError(f"{file}: the first line is empty; write the broker's password there")
    return lines[0]
