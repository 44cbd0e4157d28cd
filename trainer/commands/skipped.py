"""What people read: tables on stdout, the names of skipped files on stderr."""

from __future__ import annotations

from trainer.photos.dataset import Skipped
from trainer.progress import Progress

_MOST_NAMED = 20  # skipped files named one by one on stderr; --json names all


def name_skipped(skipped: list[Skipped], progress: Progress) -> None:
    """Say on stderr which files were passed over and why, the first twenty by name."""
    shown = [entry for entry in skipped if entry.reason != "hidden"]
    for entry in shown[:_MOST_NAMED]:
        progress.message(f"skipped {entry.path}: {entry.reason}")
    if len(shown) > _MOST_NAMED:
        progress.message(f"skipped {len(shown) - _MOST_NAMED} more; --json names them all")
