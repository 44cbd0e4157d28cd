"""Bottlenecks in a file without a name: the same rows as in memory, in any order, a block at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import StorageError
from support import tiny
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.stored import Stored, store_features
from trainer.photos.folder import list_photos


@pytest.fixture(params=["int8", "float32"])
def filled(request: pytest.FixtureRequest, photos: Path, tmp_path: Path):
    """An extractor whose cache has the bottlenecks of the tiny photos, and their content hashes."""
    extractor = tiny.extractor(tmp_path / "cache", request.param)
    return extractor, list(compute_bottlenecks(extractor, list_photos(photos)).contents.sha256.values())


def test_rows_are_those_of_the_cache(filled) -> None:
    """Each row is that of its photo, whichever rows are asked for, and also for a photo that is there twice."""
    extractor, images = filled
    images = [*images[::-1], images[3]]
    stored, wanted = store_features(extractor, images), extractor.load(images)
    for rows in (np.arange(len(images)), np.array([5, 6, 7, 2, 2, len(images) - 1]), np.zeros(0, np.intp)):
        found = stored.read(rows)
        assert (found.dtype, found.tolist()) == (np.float32, wanted[rows].tolist())


def test_blocks_are_all_photos_in_their_order(filled) -> None:
    """The last block may be shorter; labels and groups come with the rows."""
    extractor, images = filled
    rows = np.arange(len(images))
    stored = Stored(store_features(extractor, images), rows, rows % 3, rows // 2).where(rows > 1)
    blocks = list(stored.blocks(5))
    assert [len(block.labels) for block in blocks] == [5] * ((len(images) - 2) // 5) + [(len(images) - 2) % 5 or 5][:1]
    whole = stored.read()
    for name in ("features", "labels", "groups"):
        assert np.array_equal(np.concatenate([getattr(block, name) for block in blocks]), getattr(whole, name))


def test_nothing_is_left_in_the_folder(filled) -> None:
    """The file has no name, so that a killed run leaves nothing behind."""
    extractor, images = filled
    before = sorted(extractor.bottleneck_dir.iterdir())
    stored = store_features(extractor, images)
    assert sorted(extractor.bottleneck_dir.iterdir()) == before
    assert stored.read(np.arange(2)).shape == (2, tiny.FEATURES)


def test_a_photo_that_is_not_in_the_cache_is_one_line(filled) -> None:
    """A lost bottleneck is an error, before anything is fitted."""
    extractor, images = filled
    with pytest.raises(StorageError, match="lost 2 bottlenecks"):
        store_features(extractor, [*images, b"\0" * 32, b"\xff" * 32])
