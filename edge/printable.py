"""Text of files, models and devices, made safe for a terminal."""

from __future__ import annotations

# Control characters (C0, DEL, C1), the line separators of Unicode, and what changes the direction of text.
_CODES = (*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_TABLE = dict.fromkeys(_CODES, "?")


def printable(text: str) -> str:
    r"""``text`` with ``?`` for each character that could move the cursor, end the line or change the direction of text.

    File names, labels, manifests and the answers of devices may hold such characters, and would otherwise write lines
    of their own on a terminal. Everything else stays, also letters of any script. JSON needs no such change.

    >>> printable("rose\x1b[2J.jpg")
    'rose?[2J.jpg'
    """
    return text if text.isprintable() else text.translate(_TABLE)
