"""Looks in the cache: made when bottlenecks are computed, made later for an old cache, intact or made again."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from edge.errors import DatasetError, StorageError
from edge.preprocess import decode
from support import tiny
from support.filled_cache import fill
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.bottlenecks.looks import load_looks
from trainer.photos.dataset import Photo, read_dataset
from trainer.photos.look import make_look
from trainer.photos.split import SplitRatios
from trainer.progress import Progress, Stage


def listed(photos: Path) -> list[Photo]:
    """The photos of a folder."""
    return read_dataset(photos, SplitRatios()).photos


def change(cache: Path, statement: str) -> int:
    """Run one SQL ``statement`` on the cache; returns how many rows it changed."""
    database = sqlite3.connect(cache / FILE_NAME)
    with database:
        changed = database.execute(statement).rowcount
    database.close()
    return changed


def load(cache: Path, photos: list[Photo]) -> tuple[list[bytes], int]:
    """The looks as bytes, and how many were made for that."""
    stages: list[Stage] = []
    looks = load_looks(cache, photos, Progress(stages.append))
    assert all(stage.name == "looks of the photos" for stage in stages)
    return [look.to_bytes() for look in looks], stages[-1].done if stages else 0


def test_bottlenecks_bring_looks_with_them(photos: Path, tmp_path: Path) -> None:
    """After the bottlenecks are computed, every look is there, without the files."""
    found = listed(photos)
    expected = [make_look(decode(photo.path)).to_bytes() for photo in found]
    fill(photos, tmp_path)
    for photo in found:
        os.rename(photo.path, photo.path.with_suffix(".gone"))
    assert load(tmp_path, found) == (expected, 0)


def test_a_cache_without_looks_gets_them(photos: Path, tmp_path: Path) -> None:
    """A cache of an earlier release has bottlenecks alone: looks are made once, with a stage."""
    found = listed(photos)
    fill(photos, tmp_path)
    change(tmp_path, "DROP TABLE looks")
    first, made = load(tmp_path, found)
    assert made == len(found) == 36
    assert load(tmp_path, found) == (first, 0)
    change(tmp_path, "UPDATE looks SET version = version - 1")
    assert load(tmp_path, found) == (first, 36)


def test_a_damaged_look_is_made_again(photos: Path, tmp_path: Path) -> None:
    """A checksum that does not fit costs one photo."""
    found = listed(photos)
    fill(photos, tmp_path)
    expected, _ = load(tmp_path, found)
    assert change(tmp_path, "UPDATE looks SET look = zeroblob(length(look)) WHERE rowid = 7") == 1
    assert change(tmp_path, "UPDATE looks SET look = 'text' WHERE rowid = 9") == 1
    assert load(tmp_path, found) == (expected, 2)
    assert load(tmp_path, found) == (expected, 0)


def test_a_photo_that_changed_meanwhile_is_an_error(photos: Path, tmp_path: Path) -> None:
    """The look of another picture is never taken for that of the photo that was hashed."""
    found = listed(photos)
    tiny.paint("red", 77).save(found[3].path)
    with pytest.raises(DatasetError, match="was changed while training; run again"):
        load_looks(tmp_path, found)
    found[3].path.unlink()
    with pytest.raises(StorageError, match="it was readable before: mend the drive or the rights, and run again"):
        load_looks(tmp_path, found)


def test_groups_are_kept_under_their_key(tmp_path: Path) -> None:
    """The hundred last ones; a damaged one is as good as none."""
    with BottleneckCache(tmp_path) as cache:
        for number in range(130):
            cache.store_groups(bytes([number]), b"first %d" % number)
        cache.store_groups(b"empty", b"")
        assert cache.load_groups(b"unknown") is None
        assert [cache.load_groups(bytes([number])) for number in (0, 29, 129)] == [None, None, b"first 129"]
        assert (cache.load_groups(bytes([31])), cache.load_groups(b"empty")) == (b"first 31", b"")
    assert change(tmp_path, "UPDATE groups SET first = x'00'") == 100
    with BottleneckCache(tmp_path) as cache:
        assert cache.load_groups(bytes([129])) is None
