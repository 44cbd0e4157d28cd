"""Small pictures of a report whose photos lie on a drive that hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import StorageError
from edge.system import drives
from support.hanging_share import READ, hanging_share
from trainer.report.thumbnail import thumbnail


def test_a_drive_that_hangs_ends_the_report(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a storage error with the photo's path, as for all who read photos."""
    monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 0.2)
    monkeypatch.setattr(drives, "LOOK_EVERY_S", 0.05)
    photo = next(photos.rglob("*.png"))
    assert thumbnail(photo) is not None
    there = tmp_path / "share" / photo.relative_to(photos)
    with hanging_share(photos, tmp_path / "share", READ), pytest.raises(StorageError, match=f"{there}: no answer"):
        thumbnail(there)
