"""Whether a person sits at the terminal."""

from __future__ import annotations

import sys


def is_interactive() -> bool:
    """Whether questions can be asked: both stdin and stderr are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()
