"""File names that Windows does not keep: they mean a device there, or lose a part.

The rules are those of Microsoft's page "Naming Files, Paths, and Namespaces".
"""

from __future__ import annotations

from pathlib import PurePath

_CHARACTERS = frozenset('<>:"|?*\\/')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789\N{SUPERSCRIPT ONE}²³"]
)


def why_windows_refuses(name: str) -> str | None:
    """Why Windows keeps no file or folder called ``name``; None if it does.

    ``aux.jpg`` is a device there, whatever its suffix; ``my:model`` is a hidden part of the file ``my``; a dot or a
    blank at the end is lost. One letter before the colon is a drive, which :class:`pathlib.PureWindowsPath` knows.
    """
    for character in name:
        if character in _CHARACTERS or ord(character) < 32:
            return f"a name with {character!r}"
    if name.split(".")[0].rstrip(" ").upper() in _DEVICES:
        return "the name of a device"
    if name != name.rstrip(". ") and name not in (".", ".."):
        return "a name that ends with a dot or a blank"
    return None


def why_windows_refuses_path(path: PurePath) -> str | None:
    """Why Windows keeps no file at ``path``: the part of it, and the reason; None if it does."""
    parts = path.parts[1:] if path.anchor else path.parts
    for part in parts:
        if reason := why_windows_refuses(part):
            return f"{part!r} is {reason}"
    return None
