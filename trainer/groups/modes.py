"""How groups of photos that depend on each other are found."""

from __future__ import annotations

from edge.errors import UsageError

GROUPS_OFF, GROUPS_BY_NAME, GROUPS_AUTO = GROUPS = ("off", "names", "auto")
"""How photos that depend on each other are found: not at all, by their names, or by their pixels too."""


def check_groups(groups: str) -> None:
    """Raise :class:`~edge.errors.UsageError` if ``groups`` is not one of :data:`GROUPS`."""
    if groups not in GROUPS:
        raise UsageError(f"--groups {groups!r}: give {', '.join(GROUPS[:-1])} or {GROUPS[-1]}")
