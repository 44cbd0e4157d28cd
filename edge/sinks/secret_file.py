"""A secret in the first line of a file."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigurationError
from edge.regular_file import SMALL_BYTES, read_regular

LONGEST_SECRET = 65_535
"""The most bytes of a secret, in UTF-8: MQTT allows no longer password."""


def read_secret(file: Path, what: str, option: str) -> str:
    """The first line of ``file``; messages call it ``what`` and name the ``option`` with the file.

    Raises :class:`~edge.errors.ConfigurationError` if the file cannot be read, or its first line is empty or too long.
    """
    try:
        content = read_regular(file, SMALL_BYTES)
        lines = content.decode("utf-8-sig").splitlines()  # some editors begin a file with a byte-order mark
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{file}: {what} cannot be read ({reason}); check {option}") from None
    if not lines or not lines[0]:
        raise ConfigurationError(f"{file}: the first line is empty; write {what} there")
    if len(lines[0].encode()) > LONGEST_SECRET:
        raise ConfigurationError(f"{file}: the first line is longer than 65,535 bytes; write {what} there")
    return lines[0]
