"""Messages about skipped files: how reasons become kinds, and how many files are named."""

from __future__ import annotations

import pytest

from edge.skipped_files import NAMED_EACH, SkippedCounter, count_skipped, reason_kind

HEIC = "HEIC photo: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("the same photo as roses/1.jpg", "the same photo as another one"),
        ("the same photo is in a and b; keep it in one", "the same photo is in several classes; keep it in one"),
        ("damaged: index\nout of range", "damaged"),
        ("cannot be read: image file is truncated (3 bytes not processed)", "cannot be read"),
        ("too large: more than 89,478,485 pixels; scale it down",) * 2,
        ("an empty file",) * 2,
        (HEIC,) * 2,
    ],
)
def test_kinds_of_reasons(reason: str, kind: str) -> None:
    """What differs from file to file is not part of the kind."""
    assert reason_kind(reason) == kind


@pytest.mark.parametrize(
    ("count", "reason", "more", "wanted"),
    [
        (12, HEIC, False, "12 HEIC photos: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"),
        (1, HEIC, True, "1 more HEIC photo: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG"),
        (1, "an empty file", True, "1 more file: an empty file"),
        (7, "damaged", False, "7 files: damaged"),
    ],
)
def test_counts_in_words(count: int, reason: str, more: bool, wanted: str) -> None:
    """The number stands before the format, if one is named, or before the word files."""
    assert count_skipped(count, reason, more) == wanted


def test_the_first_of_each_kind_are_named_and_the_others_counted() -> None:
    """A reason that all files of a kind share is given whole; else only what is common."""
    counter = SkippedCounter()
    named = [counter.add(HEIC) for _ in range(12)]
    assert named == [True] * NAMED_EACH + [False] * (12 - NAMED_EACH)
    assert all(counter.add("an empty file") for _ in range(NAMED_EACH))
    for index in range(5):
        counter.add(f"damaged: {index}")
    for _ in range(5):
        counter.add("cannot be read: Permission denied")
    assert counter.total == 12 + NAMED_EACH + 10
    assert counter.unnamed() == [
        "skipped 9 more HEIC photos: pip install 'edge-for-poets[heif]' where this program runs, or give JPEG",
        "skipped 2 more files: damaged",
        "skipped 2 more files: cannot be read: Permission denied",
    ]
