"""Names in messages: a message must stay readable if a name is very long, or if there are very many names."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_NAME = 100
"""The most characters of one name in a message."""

MOST_NAMES = 10
"""The most names in one message."""


def shorten(text: str, most: int = LONGEST_NAME) -> str:
    """``text`` with at most ``most`` characters: if it is longer, three dots stand for its middle."""
    if len(text) <= most:
        return text
    kept = most - 3
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


def list_names(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """``names`` with commas, at most ``most`` of them, each shortened, and the number of the others.

    >>> list_names(["daisy", "roses", "tulips", "violets"], most=2)
    'daisy, roses and 2 more'
    """
    shown = ", ".join(shorten(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
