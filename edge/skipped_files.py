"""Messages about skipped files: the first of each reason by name, the others by their number."""

from __future__ import annotations

import re

NAMED_EACH = 3
"""How many skipped files of one kind of reason are named."""

# Reasons that name another file, or end in details that differ from file to file, are one kind.
_KINDS = (
    (r"(the same photo as) .*", r"\1 another one"),
    (r"(the same photo is in) .*", r"\1 several classes; keep it in one"),
    (r"(damaged|cannot be read|too large for a photo|pixels of mode): .*", r"\1"),
)
_NEEDS_A_PACKAGE = r"(?P<format>\w+) photo: (?P<command>.*)"


def reason_kind(reason: str) -> str:
    """The kind of a ``reason``: what it has in common with the same problem of other files.

    >>> reason_kind("the same photo as roses/1.jpg")
    'the same photo as another one'
    """
    for pattern, kind in _KINDS:
        if match := re.fullmatch(pattern, reason, re.DOTALL):  # compiled only here: most commands skip nothing
            return match.expand(kind)
    return reason


def count_skipped(count: int, reason: str, more: bool = False) -> str:
    """``count`` files with ``reason`` in words; with ``more``, files beside those that were named before.

    >>> count_skipped(12, "HEIC photo: save it as JPEG")
    '12 HEIC photos: save it as JPEG'
    >>> count_skipped(2, "an empty file", more=True)
    '2 more files: an empty file'
    """
    number = f"{count} more" if more else str(count)
    plural = "s" if count != 1 else ""
    needs = re.fullmatch(_NEEDS_A_PACKAGE, reason, re.DOTALL)
    if needs:
        return f"{number} {needs['format']} photo{plural}: {needs['command']}"
    return f"{number} file{plural}: {reason}"


class SkippedCounter:
    """Counts skipped files by the kind of their reason, while they come one after the other."""

    def __init__(self) -> None:
        self.total = 0
        self._reasons: dict[str, tuple[int, str]] = {}  # kind -> number of files, and their reason if it is one

    def add(self, reason: str) -> bool:
        """Count one file; True if it is one of the first of its kind, which are named."""
        kind = reason_kind(reason)
        count, common = self._reasons.get(kind, (0, reason))
        self._reasons[kind] = (count + 1, reason if reason == common else kind)
        self.total += 1
        return count < NAMED_EACH

    def unnamed(self) -> list[str]:
        """One message for each kind with more files than are named: how many more, and the reason."""
        return [
            f"skipped {count_skipped(count - NAMED_EACH, reason, more=True)}"
            for count, reason in self._reasons.values()
            if count > NAMED_EACH
        ]
