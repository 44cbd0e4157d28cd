"""Names of classes that a user types: safe as names of folders, on every system, and as labels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from edge.errors import UsageError
from edge.printable import printable
from edge.shorten import shorten
from edge.sources.files import is_of_a_system

LONGEST_BYTES = 255
"""The most bytes of the name of a folder on the usual file systems."""

_FORBIDDEN = re.compile(r'[/\\<>:"|?*]')  # / on every system, the others on Windows and on memory cards (FAT, exFAT)
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)


def check_class_name(name: str, others: Iterable[str]) -> str:
    """``name`` as it is kept: without blanks around it, in the Unicode form NFC.

    ``others`` are the classes that may not have the same name, not even with other upper and lower case: some file
    systems take these as one folder. A name that is one of them as it is comes back.

    Raises :class:`~edge.errors.UsageError` if it cannot be the name of a class.
    """
    kept = unicodedata.normalize("NFC", name).strip()
    shown = repr(shorten(printable(kept.encode(errors="replace").decode()), 60))
    if not kept:
        raise UsageError("a class needs a name")
    if not _is_one_line(kept):
        raise UsageError(f"the class {shown}: its name has a control character; use letters, digits and blanks")
    if found := _FORBIDDEN.search(kept):
        raise UsageError(
            f"the class {shown}: its name cannot have the character {found[0]}; folders are named after it"
        )
    if kept.startswith(".") or kept.endswith("."):
        raise UsageError(f"the class {shown}: its name cannot begin or end with a dot; folders are named after it")
    if is_of_a_system(kept) or _DEVICES.fullmatch(kept):
        raise UsageError(f"the class {shown}: systems use this name for themselves; choose another one")
    if len(kept.encode()) > LONGEST_BYTES:
        raise UsageError(f"the class {shown}: its name has {len(kept.encode())} bytes; {LONGEST_BYTES} are possible")
    others = list(others)
    twins = [other for other in others if _fold(other) == _fold(kept)]
    if twins and kept not in twins:
        raise UsageError(f"the class {shown}: there is a class {shorten(twins[0])!r}; use that one, or another name")
    return kept


def _is_one_line(name: str) -> bool:
    """Whether ``name`` is UTF-8 text in one line, without what would move the cursor or turn the direction of text."""
    categories = {unicodedata.category(character) for character in name}
    return printable(name) == name and categories.isdisjoint({"Cc", "Cs", "Zl", "Zp"})


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold()).strip()
