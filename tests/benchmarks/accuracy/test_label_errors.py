"""Labels flipped on purpose."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy.label_errors import flip_labels
from support import tiny


def test_flipped_photos_lie_in_another_class(tmp_path: Path) -> None:
    """A fifth of the photos is linked into the folder of another class, the rest into their own; again the same."""
    root = tiny.paint_folder(tmp_path / "photos", 10)
    flipped = flip_labels(root, tmp_path / "first", 0.2, seed=3)
    linked = {path.relative_to(tmp_path / "first").as_posix(): path for path in (tmp_path / "first").rglob("*.png")}
    assert (len(flipped), len(linked)) == (6, 30)
    for relative, path in linked.items():
        assert (path.resolve().parent.name != path.parent.name) == (relative in flipped)
    assert flip_labels(root, tmp_path / "again", 0.2, seed=3) == flipped
    assert flip_labels(root, tmp_path / "other", 0.2, seed=4) != flipped
