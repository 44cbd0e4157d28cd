"""Why nothing is at a path that a user typed: what may be wrong with it, for the end of a message."""

from __future__ import annotations

import os
from pathlib import Path

from edge.local_path import address_problem
from edge.shorten import shorten

_QUOTES = "'\"`‘’‚“”„«»"
_MOST_NAMES = 1000  # of a folder that are compared with a name: more take too long
_ALIKE = 0.85  # of difflib's measure, from which on two names are taken for one with a slip


def typing_hint(path: str | Path) -> str:
    """What is wrong with the text of ``path``, which begins with ``; ``; empty if nothing is.

    No drive is asked. The same mistake has the same text, so that many of them can be counted.
    """
    text = os.fspath(path)
    if address_problem(text):
        return "; an address is no path: download the file first, for example with curl -LO"
    if text[:1] == "~":
        return "; the shell did not replace ~, as it does at the start of a word without quotes: write the whole path"
    if text and (text[0] in _QUOTES or text[-1] in _QUOTES):
        return "; quotes are a part of the name here: write it without them"
    if os.sep == "/" and "\\" in text:
        return "; here folders are separated by /, and a drive of Windows has another name"
    return ""


def missing_hint(path: str | Path) -> str:
    """What may help if nothing is at ``path``: :func:`typing_hint`, else :func:`near_name`; empty if nothing does."""
    return typing_hint(path) or near_name(path)


def near_name(path: str | Path) -> str:
    """A file whose name is nearly that of ``path``, in the same folder or in ``models/``, which begins with ``; ``.

    Empty if there is none. The drives of both folders are asked.
    """
    from edge.system.drives import list_folder  # its threads are needed for a mistake alone

    path = Path(path)
    for folder in dict.fromkeys((path.parent, Path("models"))):
        try:
            names = [found.name for found in list_folder(folder, lambda _: True)]
        except (OSError, ValueError):  # ValueError: a zero byte in the name
            continue
        if name := _nearest(path.name, names):
            return f"; there is {shorten(str(folder / name))}"
    return ""


def _nearest(name: str, names: list[str]) -> str | None:
    """The one of ``names`` that is most like ``name``, None if none is.

    Upper and lower case are the same. The suffix counts only between names that are the same without it.
    """
    import difflib

    stems: dict[str, list[str]] = {}
    for other in sorted(names[:_MOST_NAMES]):
        stems.setdefault(Path(other).stem.casefold(), []).append(other)
    near = difflib.get_close_matches(Path(name).stem.casefold(), list(stems), 1, _ALIKE)
    if not near:
        return None
    wanted = name.casefold()
    return max(stems[near[0]], key=lambda other: difflib.SequenceMatcher(None, wanted, other.casefold()).ratio())
