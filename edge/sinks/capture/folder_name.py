"""A label as the name of a folder."""

from __future__ import annotations

import unicodedata

_LONGEST_BYTES = 200
_UNSAFE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories that a label cannot hold: it is one line of UTF-8 text in a model file."""


def folder_name(label: str) -> str:
    """``label`` as the name of a class folder; bytes that such a name cannot hold are written as %XX.

    The result is not a hidden name, holds no slash and has at most 200 bytes of UTF-8. So no label of a model of
    another project can lead out of the folder of captured frames.
    """
    name = "".join(_quoted(c) if c == "/" or unicodedata.category(c) in _UNSAFE else c for c in label)
    if name.startswith("."):
        name = _quoted(".") + name[1:]
    return name.encode()[:_LONGEST_BYTES].decode(errors="ignore") or "_"


def _quoted(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
