"""Writing to a file descriptor that may be a pipe whose reader is slow or gone."""

from __future__ import annotations

import os
import select

from edge.sinks.protocol import SinkClosed


def write_all(descriptor: int, text: str) -> None:
    """Write ``text`` as UTF-8, all of it, past Python's own buffers.

    A thread that waits here for a reader holds no lock that the program's end would wait for, as one that
    waits in ``sys.stdout`` does.

    Raises :class:`~edge.sinks.protocol.SinkClosed` where the reader has gone.
    """
    content = text.encode(errors="backslashreplace")
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except BlockingIOError:  # another program that shares the terminal may have made it so
            select.select([], [descriptor], [])
        except BrokenPipeError:
            raise SinkClosed from None
