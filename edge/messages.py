"""Messages: lines on stderr."""

from __future__ import annotations

import contextlib
import os
import sys

_CLEAR_LINE = "\r\x1b[K"


def print_message(text: str) -> None:
    """Print ``edge: text`` on stderr; on a terminal it replaces the line that the terminal view has drawn.

    A failure to write is ignored: a closed stderr must not end a stream.
    """
    with contextlib.suppress(OSError):
        on_one_terminal = os.isatty(1) and os.isatty(2)
        print(f"{_CLEAR_LINE if on_one_terminal else ''}edge: {text}", file=sys.stderr, flush=True)
