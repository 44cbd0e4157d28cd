"""The names of skipped files, on stderr."""

from __future__ import annotations

from trainer.photos.folder import Skipped
from trainer.progress import Progress

_MOST_NAMED = 20  # skipped files named one by one on stderr; --json names all


def name_skipped(skipped: list[Skipped], progress: Progress) -> None:
    """Name skipped files and the reasons on stderr, at most the first twenty."""
    shown = [entry for entry in skipped if entry.reason != "hidden"]
    for entry in shown[:_MOST_NAMED]:
        progress.message(f"skipped {entry.path}: {entry.reason}")
    if len(shown) > _MOST_NAMED:
        progress.message(f"skipped {len(shown) - _MOST_NAMED} more; --json names all of them")
