"""Names in messages: a message must stay readable if a name is very long, or if there are very many names."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_NAME = 100
"""The most characters of one name in a message."""

MOST_NAMES = 10
"""The most names in one message."""

LONGEST_TEXT = 400
"""The most characters of a text that another machine or a file gives to a message."""


def shorten(text: str, most: int = LONGEST_NAME) -> str:
    """``text`` with at most ``most`` characters: if it is longer, three dots stand for its middle."""
    if len(text) <= most:
        return text
    kept = most - 3
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


def plain_text(text: str, most: int = LONGEST_TEXT) -> str:
    """``text`` in one line of at most ``most`` characters; what a terminal would not print as it is becomes a space."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 20 * most])
    return shorten(" ".join(printable.split()), most)


def list_names(names: Sequence[str], most: int = MOST_NAMES, longest: int = LONGEST_NAME) -> str:
    """``names`` with commas, at most ``most`` of them, each of at most ``longest`` characters, and how many others.

    >>> list_names(["daisy", "roses", "tulips", "violets"], most=2)
    'daisy, roses and 2 more'
    """
    shown = ", ".join(shorten(name, longest) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
