"""A secret in the first line of a file."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigurationError

LONGEST_SECRET = 65_535
"""The most bytes of a secret, in UTF-8: MQTT allows no longer password."""


def read_secret(file: Path, what: str, option: str) -> str:
    """The first line of ``file``; messages call it ``what`` and name the ``option`` with the file.

    Raises :class:`~edge.errors.ConfigurationError` if the file cannot be read, or its first line is empty or too long.
    """
    try:
        with file.open(encoding="utf-8-sig") as content:  # some editors begin a file with a byte-order mark
            lines = content.read(LONGEST_SECRET + 1).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{file}: {what} cannot be read ({reason}); check {option}") from None
    if not lines or not lines[0]:
        raise ConfigurationError(f"{file}: the first line is empty; write {what} there")
    if len(lines[0].encode()) > LONGEST_SECRET:
        raise ConfigurationError(f"{file}: the first line is longer than 65,535 bytes; write {what} there")
    return lines[0]
