"""A secret in the first line of a file or of a pipe."""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigurationError
from edge.regular_file import NOT_REGULAR, SMALL_BYTES, is_pipe_in_time, read_regular

LONGEST_SECRET = 65_535
"""The most bytes of a secret, in UTF-8: MQTT allows no longer password."""


PIPE_LIMIT_S = 60.0
"""How long whoever writes into a pipe may take, in seconds: a store of passwords may ask for its own first."""


def read_secret(file: Path, what: str, option: str) -> str:
    """The first line of ``file``; messages call it ``what`` and name the ``option`` with the file.

    A pipe is read once: a second call does not find its content again.

    Raises :class:`~edge.errors.ConfigurationError` if the file cannot be read, or its first line is empty or too long.
    """
    try:
        content = _read(file)
        lines = content.decode("utf-8-sig").splitlines()  # some editors begin a file with a byte-order mark
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == NOT_REGULAR:
            reason = "a device or a socket; give a file or a pipe"
        raise ConfigurationError(f"{file}: {what} cannot be read ({reason}); check {option}") from None
    if not lines or not lines[0]:
        raise ConfigurationError(f"{file}: the first line is empty; write {what} there")
    if len(lines[0].encode()) > LONGEST_SECRET:
        raise ConfigurationError(f"{file}: the first line is longer than 65,535 bytes; write {what} there")
    return lines[0]


def is_lasting(file: Path) -> bool:
    """Whether ``file`` may still be there tomorrow: it is no pipe, and does not name something of this process."""
    return not is_pipe_in_time(file) and file.absolute().parts[1:2] not in (("dev",), ("proc",))


def _read(file: Path) -> bytes:
    if not is_pipe_in_time(file):
        return read_regular(file, SMALL_BYTES)
    from edge.sinks.secret_pipe import read_pipe_line  # few secrets come from one

    return read_pipe_line(file, LONGEST_SECRET, PIPE_LIMIT_S)
