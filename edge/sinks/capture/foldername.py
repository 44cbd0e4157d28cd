"""A label as the name of a folder."""

from __future__ import annotations

import unicodedata

_LONGEST_BYTES = 200
_UNSAFE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories that a label cannot have: it travels as one line of UTF-8 text."""


def folder_name(label: str) -> str:
    """``label`` itself where a folder can have that name and be a class folder, else with %XX in place of the rest.

    The result is no hidden name, holds no slash and is at most 200 bytes of UTF-8, so that no label of a foreign
    model leads out of the folder that it is put into.
    """
    name = "".join(_quoted(c) if c == "/" or unicodedata.category(c) in _UNSAFE else c for c in label)
    if name.startswith("."):
        name = _quoted(".") + name[1:]
    return name.encode()[:_LONGEST_BYTES].decode(errors="ignore") or "_"


def _quoted(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
