"""What a running stream has to say: lines on stderr."""

from __future__ import annotations

import contextlib
import os
import sys

_CLEAR_LINE = "\r\x1b[K"


def print_message(text: str) -> None:
    """Print ``edge: text`` on stderr; on a terminal in place of the line that the terminal view has drawn there.

    Nobody listening is no reason to end a stream: a failure to write is passed over.
    """
    with contextlib.suppress(OSError):
        on_the_same_screen = os.isatty(1) and os.isatty(2)
        print(f"{_CLEAR_LINE if on_the_same_screen else ''}edge: {text}", file=sys.stderr, flush=True)
