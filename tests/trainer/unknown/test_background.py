"""Photos of other things: each once, none of a class, some held back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DatasetError, UsageError
from support import tiny
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.groups.modes import GROUPS_AUTO, GROUPS_OFF
from trainer.photos.dataset import Dataset
from trainer.photos.drawn_flowers import KINDS, draw_flower
from trainer.photos.photo_files import PhotoFile
from trainer.photos.split import TEST, SplitRatios
from trainer.unknown.background import FEW, Background, list_background, read_background


def paint(folder: Path, count: int, first: int = 0) -> Path:
    """``count`` different pictures in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        pixels = np.random.default_rng(first + index).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        tiny.Image.fromarray(pixels).save(folder / f"{index:03d}.png")
    return folder


def read(
    tmp_path: Path,
    photos: Path,
    own: Path | None = None,
    folder: Path | None = None,
    ratios: SplitRatios | None = None,
    mode: str = GROUPS_OFF,
) -> Background:
    """What the two folders give."""
    extractor = FeatureExtractor(tiny.backbone("int8"), tmp_path / "cache")
    files = [PhotoFile(path, f"unknown/{path.name}", "unknown") for path in sorted(own.iterdir())] if own else []
    given = list_background(folder, photos, "unknown") if folder else None
    classes = Dataset.from_folder(photos).photos
    return read_background(extractor, files, given, classes, ratios or SplitRatios(), mode)


def test_two_folders_with_the_same_names(tmp_path: Path, photos: Path) -> None:
    """Both are used, and no photo hides another one."""
    own, folder = paint(tmp_path / "a" / "unknown", 6), paint(tmp_path / "unknown", 8, first=100)
    found = read(tmp_path, photos, own, folder)
    assert len(found.photos) == len(found.features) == 14
    assert found.chosen.tolist() == [False] * 6 + [True] * 8
    assert len({photo.relative for photo in found.photos}) == 14
    assert found.skipped == []


def test_the_same_photo_counts_once(tmp_path: Path, photos: Path) -> None:
    """In one folder or in both; the copies are named."""
    own, folder = paint(tmp_path / "own", 3), paint(tmp_path / "given", 3)
    for index in range(5):
        shutil.copy(folder / "000.png", folder / f"copy{index}.png")
    found = read(tmp_path, photos, own, folder)
    assert len(found.photos) == 3
    assert len(found.skipped) == 8
    assert all(entry.reason.startswith("the same photo as unknown/") for entry in found.skipped)


def test_photos_of_a_class_are_left_out(tmp_path: Path, photos: Path) -> None:
    """By their content, wherever they lie and whatever they are called; and a file that is no picture."""
    folder = paint(tmp_path / "given", 2)
    shutil.copy(photos / "red" / "003.png", folder / "mine.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    found = read(tmp_path, photos, None, folder)
    assert len(found.photos) == 2
    reasons = {entry.path.rpartition("/")[2]: entry.reason for entry in found.skipped}
    assert reasons["mine.png"] == "a photo of the class red: red/003.png"
    assert set(reasons) == {"mine.png", "broken.jpg"}


def test_few_photos_all_teach(tmp_path: Path, photos: Path) -> None:
    """One photo does, and nine; of forty some are held back, always the same, wherever the folder is."""
    one = read(tmp_path, photos, None, paint(tmp_path / "one", 1))
    assert one.teaching.tolist() == [True]
    nine = read(tmp_path, photos, None, paint(tmp_path / "nine", FEW - 1))
    assert nine.teaching.all()
    folder = paint(tmp_path / "forty", 40)
    forty = read(tmp_path, photos, None, folder, SplitRatios(10, 30))
    assert 4 <= len(forty.held_back) <= 20
    assert {photo.split for photo in forty.held_back} == {TEST}
    assert read(tmp_path, photos, None, folder, SplitRatios(10, 30)).held_back == forty.held_back
    elsewhere = read(tmp_path, photos, None, folder.rename(tmp_path / "elsewhere"), SplitRatios(10, 30))
    assert {photo.sha256 for photo in elsewhere.held_back} == {photo.sha256 for photo in forty.held_back}


def test_photos_that_are_nearly_equal_stay_together(tmp_path: Path, photos: Path) -> None:
    """A picture and its smaller and paler copies all teach or all judge; twelve copies of one picture all teach."""
    folder, burst = tmp_path / "given", tmp_path / "burst"
    burst.mkdir()
    for index in range(12):
        folder.mkdir(exist_ok=True)
        drawn = draw_flower(KINDS[index % len(KINDS)], index, 160)
        drawn.save(folder / f"{index:03d}.png")
        drawn.resize((140, 140)).point(lambda value: int(0.95 * value)).save(folder / f"other{index:03d}.png")
        draw_flower(KINDS[0], 0, 160).resize((140 - index, 140 - index)).save(burst / f"{index:03d}.png")
    found = read(tmp_path, photos, None, folder, SplitRatios(10, 40), GROUPS_AUTO)
    splits = {Path(photo.relative).stem: photo.split for photo in found.photos}
    assert all(splits[f"{index:03d}"] == splits[f"other{index:03d}"] for index in range(12))
    assert len(found.held_back) >= 4
    assert read(tmp_path, photos, None, burst, SplitRatios(10, 40), GROUPS_AUTO).teaching.all()


def test_photos_can_be_left_out_with_a_reason(tmp_path: Path, photos: Path) -> None:
    """Features and photos stay together."""
    found = read(tmp_path, photos, None, paint(tmp_path / "given", 4))
    left = found.without({found.photos[1].sha256: "it is mine"})
    assert [photo.relative for photo in left.photos] == [found.photos[i].relative for i in (0, 2, 3)]
    assert np.array_equal(left.features, found.features[[0, 2, 3]])
    assert [entry.reason for entry in left.skipped] == ["it is mine"]


def test_folders_that_are_refused(tmp_path: Path, photos: Path) -> None:
    """One that is missing or empty, the folder of the classes, and one inside it."""
    (tmp_path / "empty").mkdir()
    for folder, kind, says in (
        (tmp_path / "missing", DatasetError, "no such folder"),
        (tmp_path / "empty", DatasetError, "no photos in it"),
        (photos, UsageError, "in the folder of the classes"),
        (photos / "red", UsageError, "in the folder of the classes"),
    ):
        with pytest.raises(kind, match=says):
            list_background(folder, photos, "unknown")
