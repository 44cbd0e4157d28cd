"""Drawn bottlenecks, the folder that is made of them, and the curves of what was measured."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageOps

from benchmarks.speed.scale.copied_folder import copy_folder
from benchmarks.speed.scale.drawn_folder import draw_folder
from benchmarks.speed.scale.figure import draw, slope
from benchmarks.speed.scale.mixture import Mixture, as_bytes
from support import tiny
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.looks import load_looks
from trainer.groups.find_groups import groups_of_photos
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import SplitRatios


def real(photos: int = 2000, values: int = tiny.FEATURES) -> Labelled:
    """Photos of four classes whose values depend on each other."""
    random = np.random.default_rng(0)
    labels = np.arange(photos) % 4
    features = random.normal(size=(4, values))[labels] + random.normal(size=(photos, values)) / 3
    features += random.normal(size=(photos, 6)) @ random.normal(size=(6, values)) + 8
    return Labelled(features.astype(np.float32), labels)


def test_what_is_drawn_is_like_what_was_fitted() -> None:
    """Mean, spread inside the classes and distance between them are those of the photos."""
    data, random = real(), np.random.default_rng(1)
    mixture = Mixture.of(data)
    centres = mixture.centres(400, random)
    labels = np.arange(20_000) % 400
    drawn = mixture.draw(centres, labels, random)
    assert drawn.dtype == np.float32
    assert np.abs(drawn.mean(axis=0) - data.features.mean(axis=0)).max() < 0.5
    inside = np.stack([data.features[data.labels == label].var(axis=0) for label in range(4)]).mean(axis=0)
    assert (drawn - centres[labels]).var(axis=0) == pytest.approx(inside, rel=0.15)
    between = np.stack([data.features[data.labels == label].mean(axis=0) for label in range(4)]).var(axis=0).sum()
    assert centres.var(axis=0).sum() == pytest.approx(between, rel=0.15)


def test_nothing_is_left_to_compute(tmp_path: Path) -> None:
    """The cache has the bottleneck and the look of every photo of the folder, and no photo is skipped."""
    extractor = tiny.extractor(tmp_path / "cache")
    done: list[int] = []
    draw_folder(tmp_path / "photos", extractor, Mixture.of(real()), 45, 4, done.append, with_looks=True)
    folder = list_photos(tmp_path / "photos")
    extracted = compute_bottlenecks(extractor, folder)
    photos = assemble(folder, extracted.contents, SplitRatios()).photos
    assert (sum(done), extracted.computed, len(photos)) == (45, 0, 45)
    assert len({look.pixels.tobytes() for look in load_looks(extractor.bottleneck_dir, photos)}) == 45


def test_copies_are_found_as_groups(tmp_path: Path) -> None:
    """A third of the photos depends on others, half of it on the first photo; classes are those of the originals."""
    extractor = tiny.extractor(tmp_path / "cache")
    draw_folder(
        tmp_path / "photos", extractor, Mixture.of(real()), 90, 3, lambda count: None, with_looks=True, copies=1 / 3
    )
    folder = list_photos(tmp_path / "photos")
    photos = assemble(folder, compute_bottlenecks(extractor, folder).contents, SplitRatios(), training=False).photos
    groups = groups_of_photos(extractor, photos)
    sizes = Counter(groups.values())
    assert 45 < len(sizes) < 75
    assert sizes.most_common(1)[0][1] > 8
    assert len({(groups[photo.relative], photo.label) for photo in photos}) == len(sizes)


def test_steps_are_those_of_the_artifact() -> None:
    """Rounded to the steps of the tensor, not below zero, not beyond 8 bits."""
    output = tiny.backbone().model.output
    features = np.array([[-5.0, 0.0, output.scale * 3.4, 1e6]], np.float32)
    zero = output.zero_point
    assert as_bytes(features, output).tolist() == [[zero, zero, zero + 3, 127]]


def test_slopes_are_powers(tmp_path: Path) -> None:
    """Ten times the photos and ten times the seconds are a slope of 1; the figure is a picture."""
    assert slope([100, 1000, 10_000], [1.0, 2.0, 20.0]) == pytest.approx(1)
    rows = [
        {"command": "retrain", "photos": 10**power, "classes": 10, "seconds": 2.0**power, "peak_memory_bytes": 10**8}
        for power in (3, 4, 5)
    ]
    result = tmp_path / "result.json"
    rows += [{**rows[0], "classes": 100, "processor_seconds": 1.0}, {**rows[0], "architecture": "mobilenet_0.25_128"}]
    result.write_text(json.dumps({"rows": rows}))
    draw([result], tmp_path / "scale.png")
    assert (tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")


def test_photos_are_copied_up_to_a_number(tmp_path: Path) -> None:
    """The photos are there as they were, the copies beside them in their classes, altered, the same every time."""
    photos = tiny.paint_folder(tmp_path / "photos", 3)
    for name in "ab":
        copy_folder(photos, tmp_path / name, 14, [lambda picture, dice: ImageOps.mirror(picture)], lambda count: None)
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in "ab"
    )
    assert first == second
    originals = {path.relative_to(photos): path.read_bytes() for path in photos.rglob("*.*")}
    assert len(first) == 14
    assert originals.items() <= first.items()
    assert len({path.parent for path in first.keys() - originals.keys()}) > 1
