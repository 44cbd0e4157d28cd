"""Where an MQTT broker is and who we are there: the ``mqtt://`` address, the password, the certificate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from edge.errors import ConfigurationError, UsageError

PASSWORD_VARIABLE = "EDGE_MQTT_PASSWORD"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt[s]://[user@]host[:port]/topic"


class Broker(NamedTuple):
    """A broker's address. ``topic`` is the prefix of all our topics, without a slash at either end."""

    host: str
    port: int
    topic: str
    user: str | None = None
    tls: bool = False

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"


def parse_broker(address: str) -> Broker:
    """The broker at ``address``, ``mqtt[s]://[user@]host[:port]/topic``; user and topic may be %-encoded.

    Raises :class:`~edge.errors.UsageError` where it is none, or has a password in it; the password is not shown.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise UsageError(f"this is no address of a broker; give {_FORM}") from None
    if parts.password is not None:
        raise UsageError(
            "no password in the address of the broker: everybody on this machine can read it there; put it into a "
            f"file, --mqtt-password-file FILE, or into the variable {PASSWORD_VARIABLE}"
        )
    topic = unquote(parts.path).strip("/")
    # A password with a # or / in it can end up in any of these parts, so none of them is shown.
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"this is no address of a broker; give {_FORM}")
    if not topic or any(character in topic for character in "+#\0"):
        raise UsageError("the address of the broker needs a topic without + and #, such as mqtt://host/kitchen/camera")
    user = unquote(parts.username) if parts.username else None
    return Broker(parts.hostname, port or _PORTS[parts.scheme], topic, user, parts.scheme == "mqtts")


def read_password(file: Path | None) -> str | None:
    """The first line of ``file``, else the variable ``EDGE_MQTT_PASSWORD``, else None.

    Raises :class:`~edge.errors.ConfigurationError` where the file cannot be read or begins with an empty line.
    """
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE) or None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{file}: the password cannot be read from it ({reason})") from None
    if not lines or not lines[0]:
        raise ConfigurationError(f"{file}: there is no password in its first line")
    return lines[0]
