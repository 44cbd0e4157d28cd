"""The small data sets whose classes are ImageNet's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.accuracy.imagenet_classes import DATA_SETS, KINDS, measure, summary
from edge.errors import DatasetError
from trainer.progress import SILENT
from trainer.unknown.packaged_directions import imagenet_names


def test_the_kinds_are_classes_of_imagenet() -> None:
    """Every name is one of them, and no two classes of a data set share one."""
    names = imagenet_names()
    found = {label: kind.of(names) for label, kind in KINDS.items()}
    assert all(of_kind <= set(names) for of_kind in found.values())
    assert len(found["dogs"]) == 118
    assert {"tabby", "lion"} <= found["cats"]
    assert all(not found[one] & found[other] for one, other in DATA_SETS)


def test_too_few_photos(tmp_path: Path) -> None:
    """A folder without photos of a class is refused."""
    (tmp_path / "tabby.jpg").touch()
    with pytest.raises(DatasetError, match="only 1 photos of cats"):
        measure(tmp_path, [], [0], tmp_path, SILENT)


def test_summary() -> None:
    """Photos of all splits count together."""
    row = {"classes": "cats against dogs", "architecture": "a", "seed": 0, "test_photos": 20, "right_without": 18}
    row |= {"right": 17, "answered_unknown": 2, "strangers": 10, "strangers_unknown": 8}
    (line,) = summary([row, {**row, "seed": 1, "right": 18, "answered_unknown": 0}])
    assert line == (
        "cats against dogs a, 40 photos: right_without 90.0 %, right 87.5 %, answered_unknown 5.0 %, lost 2.5 %, "
        "strangers_unknown 80.0 %"
    )
