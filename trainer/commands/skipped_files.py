"""Messages about skipped files, on stderr: single ones by name, many of one kind in one line."""

from __future__ import annotations

from collections import defaultdict

from edge.shorten import shorten
from edge.skipped_files import NAMED_EACH, count_skipped, reason_kind
from edge.sources.files import UNNAMED
from trainer.photos.photo_files import Skipped
from trainer.progress import Progress

_MOST_KINDS = 20  # kinds of reasons on stderr; --json names all files


def name_skipped(skipped: list[Skipped], progress: Progress) -> None:
    """Name skipped files and the reasons on stderr; many files of one kind of reason are counted in one line."""
    kinds: dict[str, list[Skipped]] = defaultdict(list)
    for entry in skipped:
        if entry.reason not in UNNAMED:
            kinds[reason_kind(entry.reason)].append(entry)
    unnamed = 0
    for kind, entries in list(kinds.items())[:_MOST_KINDS]:
        if len(entries) <= NAMED_EACH:
            for entry in entries:
                progress.message(f"skipped {shorten(entry.path)}: {shorten(entry.reason, 300)}")
            continue
        reasons = {entry.reason for entry in entries}
        names = ", ".join(shorten(entry.path) for entry in entries[:NAMED_EACH])
        counted = count_skipped(len(entries), shorten(reasons.pop() if len(reasons) == 1 else kind, 300))
        progress.message(f"skipped {counted} ({names}, ...)")
        unnamed += len(entries) - NAMED_EACH
    unnamed += sum(len(entries) for entries in list(kinds.values())[_MOST_KINDS:])
    if unnamed:
        progress.message(f"{unnamed} skipped files are not named here; --json names all of them")
