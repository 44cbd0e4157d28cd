"""Hostile files: how many there are, that they are the same each time, and what counts as a fault."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.device.hostile.edge_on_files import FileCase, run_edge
from benchmarks.device.hostile.model_changes import changed_models
from benchmarks.device.hostile.pictures import good_pictures, pictures
from benchmarks.device.stream import MODEL


def test_pictures() -> None:
    """Pictures have different names, and the same seed gives the same bytes; all of them would take a minute."""
    first, again = (list(islice(pictures(Random(1)), 150)) for _ in range(2))
    assert first == again
    assert len({picture.name for picture in first}) == 150


def test_changed_models() -> None:
    """There are more than 3,000 changes of two models, most of them by the grammar of a part."""
    models = {name: (MODEL.parent / f"{name}.tflite").read_bytes() for name in ("tiny-int8", "tiny-gated")}
    names = [model.name for model in changed_models(models, Random(1))]
    assert len(names) > 3000
    assert sum("manifest" in name or "by its" in name for name in names) > 2000


def test_what_counts_as_a_fault(tmp_path: Path) -> None:
    """Each answer is compared with what must come, and a process that ends is followed by the next case."""
    photo, bad = tmp_path / "photo.png", tmp_path / "bad.png"
    photo.write_bytes(good_pictures()["PNG"])
    bad.write_bytes(b"bad")

    def label(path: Path) -> list[str]:
        return ["label", "--model", str(MODEL), str(path)]

    cases = [
        FileCase("good", label(photo), "taken"),
        FileCase("bad", label(bad), "refused"),
        FileCase("bad that should be taken", label(bad), "taken"),
        FileCase("good that should be refused", label(photo), "refused"),
        FileCase("crash", ["label", "--model", str(MODEL.parent / "crashing.tflite"), str(photo)], "either"),
        FileCase("good after it", label(photo), "taken"),
    ]
    results = [result.result for result in run_edge("images", cases)]
    assert results == ["ok", "ok", "accepted wrongly", "accepted wrongly", "signal", "ok"]
