"""Does the model have the labels that an option names?"""

from __future__ import annotations

from collections.abc import Sequence

from edge.shorten import list_names, shorten
from edge.types import UNKNOWN

_LIKE = 0.5  # difflib's measure of likeness, 0 to 1


def missing_label(needed: Sequence[str], labels: Sequence[str]) -> str | None:
    """A line about the first of ``needed`` that is neither one of ``labels`` nor unknown; None if all are there."""
    missing = next((label for label in needed if label not in labels and label != UNKNOWN), None)
    if missing is None:
        return None
    import difflib

    by_case = {label.casefold(): label for label in labels}
    near = difflib.get_close_matches(missing.casefold(), by_case, n=1, cutoff=_LIKE)
    nearest = f"did you mean {shorten(by_case[near[0]])}? " if near else ""
    return f"the model has no label {shorten(missing)}; {nearest}it has {list_names(labels)}, and {UNKNOWN}"
