"""Messages: lines on stderr."""

from __future__ import annotations

import contextlib
import os
import sys

from edge.printable import printable

_CLEAR_LINE = "\r\x1b[K"


def print_message(text: str, program: str = "edge") -> None:
    """Print ``program: text`` on stderr; on a terminal it replaces the line that the terminal view has drawn.

    Characters that control a terminal are replaced in ``text``. A failure to write is ignored: a closed stderr must
    not end a stream.
    """
    with contextlib.suppress(OSError):
        on_one_terminal = os.isatty(1) and os.isatty(2)
        print(f"{_CLEAR_LINE if on_one_terminal else ''}{program}: {printable(text)}", file=sys.stderr, flush=True)
