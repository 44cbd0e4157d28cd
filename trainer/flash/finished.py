"""How a program with limits ended: by itself, out of time, or with too much output."""

from __future__ import annotations

from typing import NamedTuple

MAX_OUT_BYTES = 1 << 20
"""The most bytes of stdout: a store that lists a thousand models answers with less."""

MAX_ERR_BYTES = 64 << 10
"""The bytes of stderr that are kept, from its end."""

READ_BYTES = 64 << 10
"""The bytes that are read at once."""


class Finished(NamedTuple):
    """The exit ``code``, stdout, and the end of stderr."""

    code: int
    out: bytes
    err: bytes


class OutOfTime(Exception):
    """The program was killed at its time limit of ``limit_s`` seconds."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"{limit_s:g} s")
        self.limit_s = limit_s


class TooMuchOutput(Exception):
    """The program was killed when it had written more to stdout than it may."""
