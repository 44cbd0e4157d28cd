"""Write to a file descriptor that may be a pipe whose reader is slow or has gone."""

from __future__ import annotations

import os
import select

from edge.sinks.protocol import SinkClosed


def write_all(descriptor: int, text: str) -> None:
    """Write all of ``text`` as UTF-8, without Python's own buffers.

    A thread that waits in ``sys.stdout`` for a reader holds a lock, and the end of the program waits for that lock. A
    thread that waits here holds none.

    Raises :class:`~edge.sinks.protocol.SinkClosed` if the reader has gone.
    """
    content = text.encode(errors="backslashreplace")
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except BlockingIOError:  # set by another program on the same terminal
            select.select([], [descriptor], [])
        except BrokenPipeError:
            raise SinkClosed from None
