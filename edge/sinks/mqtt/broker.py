"""The address of an MQTT broker, ``mqtt://...``, and the password for it."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from edge.errors import UsageError
from edge.sinks.secret_file import read_secret

PASSWORD_VARIABLE = "EDGE_MQTT_PASSWORD"
"""The environment variable with the user's password, if ``--mqtt-password-file`` is not given."""

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt[s]://[user@]host[:port]/topic"
LONGEST_TOPIC = 65_000
"""The most bytes of a topic, in UTF-8. MQTT allows 65,535, and Home Assistant's topics for its sensors are longer."""
_LONGEST_TEXT = 65_535  # bytes, of every text in MQTT
_LEVELS = 190  # mosquitto closes the connection for a topic of more than 200


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

    The topic has no wildcard, control character or ``$`` at its start, and at most :data:`LONGEST_TOPIC` bytes.

    Raises :class:`~edge.errors.UsageError` if it is not such an address, or has a password in it. The message does not
    show the password.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise UsageError(f"this is not the address of a broker; give {_FORM}") from None
    if not all(map(_may_be_sent, address)):  # urlsplit leaves them out without a message
        raise UsageError("the broker's address has a new line or another control character; leave it out")
    if parts.password is not None:
        raise UsageError(
            "the broker's address must not hold a password: every user of this machine could read it; put it into a "
            f"file, --mqtt-password-file FILE, or into the variable {PASSWORD_VARIABLE}"
        )
    # A password with a # or / in it may be in any of these parts, so the message shows none of them.
    if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.query or parts.fragment:
        raise UsageError(f"this is not the address of a broker; give {_FORM}")
    try:
        topic = unquote(parts.path, errors="strict").strip("/")
        user = unquote(parts.username, errors="strict") if parts.username else None
    except UnicodeDecodeError:
        raise UsageError("the broker's address is not UTF-8; write other characters as %XX of their UTF-8") from None
    _check_topic(topic)
    if user is not None and (not all(map(_may_be_sent, user)) or len(user.encode()) > _LONGEST_TEXT):
        raise UsageError("the user in the broker's address has control characters, or is longer than 65,535 bytes")
    return Broker(parts.hostname, port or _PORTS[parts.scheme], topic, user, parts.scheme == "mqtts")


def _check_topic(topic: str) -> None:
    """Raises :class:`~edge.errors.UsageError` if a broker would refuse ``topic``, or read it as something else."""
    if not topic or any(character in topic for character in "+#\0"):
        raise UsageError("the broker's address needs a topic without + and #, such as mqtt://host/kitchen/camera")
    if not all(map(_may_be_sent, topic)):
        raise UsageError("the topic in the broker's address has a new line or another control character; leave it out")
    if topic.startswith("$"):
        raise UsageError("the topic in the broker's address begins with $, which brokers keep for themselves")
    if len(topic.encode()) > LONGEST_TOPIC or topic.count("/") >= _LEVELS:
        raise UsageError(
            f"the topic in the broker's address is too long: at most {LONGEST_TOPIC:,} bytes and {_LEVELS} levels"
        )


def _may_be_sent(character: str) -> bool:
    """Whether MQTT allows ``character``: no control character, line separator, surrogate or noncharacter."""
    return (
        unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        and ord(character) & 0xFFFE != 0xFFFE
        and not 0xFDD0 <= ord(character) <= 0xFDEF
    )


def read_password(file: Path | None) -> str | None:
    """The first line of ``file``, else the variable :data:`PASSWORD_VARIABLE`, else None.

    Raises :class:`~edge.errors.ConfigurationError` if the file cannot be read or begins with an empty line.
    """
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE) or None
    return read_secret(file, "the broker's password", "--mqtt-password-file")
