"""The first line of a pipe, for secrets: a shell's ``<(pass show x)``, or ``/dev/stdin`` behind a ``|``."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import time
from pathlib import Path

_PIECE_BYTES = 1 << 16


def read_pipe_line(path: Path, largest: int, limit_s: float) -> bytes:
    """What comes from the pipe at ``path`` up to the end of a line, or its end, or until it is more than ``largest``.

    Its writer may still come, and may ask a person for a password; it has ``limit_s`` seconds for all of it.

    Raises :class:`OSError`, whose ``strerror`` says why, if it cannot be read, or nothing comes in time.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        content, end_s = b"", time.monotonic() + limit_s
        while b"\n" not in content and len(content) <= largest:
            if not waiting.poll(max(0.0, 1000 * (end_s - time.monotonic()))):
                raise TimeoutError(errno.ETIMEDOUT, f"no line came from this pipe within {limit_s:g} s")
            with contextlib.suppress(BlockingIOError):  # another reader was faster
                if not (piece := os.read(descriptor, _PIECE_BYTES)):
                    break
                content += piece
        return content
    finally:
        os.close(descriptor)
