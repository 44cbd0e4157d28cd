"""The bottleneck cache: what it stores, and which bottlenecks are computed again."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import StorageError
from support import tiny
from support.filled_cache import ARTIFACT, OTHER, digest, fill, rows
from trainer.bottlenecks.cache import BottleneckCache, file_key
from trainer.bottlenecks.cache_database import FILE_NAME
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import FileStatus

LONG_AGO_NS = 1_500_000_000_000_000_000


def test_unchanged_files_are_not_read_again(photos: Path, tmp_path: Path) -> None:
    """A file with the same size and time as before counts as unchanged: it is neither hashed nor decoded."""
    expected = fill(photos, tmp_path / "cache")[1]
    for path in photos.rglob("*.png"):
        path.write_bytes(b"\0" * path.stat().st_size)
        os.utime(path, (1_500_000_000, 1_500_000_000))
    computed, features = fill(photos, tmp_path / "cache")
    assert computed == 0
    assert features.tobytes() == expected.tobytes()


def test_edited_file_of_the_same_name_gets_a_new_bottleneck(photos: Path, tmp_path: Path) -> None:
    """Another picture of the same size in bytes is noticed by its time stamp alone."""
    edited = photos / "blue" / "005.png"
    sizes = []
    for second, label in enumerate(("blue", "red")):
        tiny.paint(label, 5).save(edited, "BMP")
        sizes.append(edited.stat().st_size)
        os.utime(edited, (1_500_000_000 + second, 1_500_000_000 + second))
        if label == "blue":
            expected = fill(photos, tmp_path / "cache")[1]
    assert sizes[0] == sizes[1]
    computed, features = fill(photos, tmp_path / "cache")
    assert computed == 1
    changed = (features != expected).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [5]


def test_photo_moved_to_another_name_is_hashed_but_not_computed(photos: Path, tmp_path: Path) -> None:
    """Bottlenecks belong to the content of a photo, not to its path."""
    fill(photos, tmp_path / "cache")
    photos.rename(tmp_path / "moved")
    assert fill(tmp_path / "moved", tmp_path / "cache")[0] == 0


def test_fresh_files_are_not_trusted_by_their_time_stamp(tmp_path: Path) -> None:
    """A file that was written just now may change again within its time stamp's granularity: it is not indexed."""
    fresh, settled = tmp_path / "fresh", tmp_path / "settled"
    for path in (fresh, settled):
        path.write_bytes(b"photo")
    os.utime(settled, ns=(LONG_AGO_NS, LONG_AGO_NS))
    with BottleneckCache(tmp_path / "cache") as cache:
        cache.store(ARTIFACT, [], [(path, path.stat(), digest(1)) for path in (fresh, settled)])
        assert cache.known_files() == {file_key(settled): (5, LONG_AGO_NS, digest(1))}


def test_files_of_1601_are_not_trusted_either(tmp_path: Path) -> None:
    """Drives of Windows give this year to a file without a time; SQLite's whole numbers begin in 1677."""
    first = -(1 << 63)
    with BottleneckCache(tmp_path / "cache") as cache:
        for moment in (-11_644_473_600 * 10**9, first - 1, first, 20_000_000_000 * 10**9):
            cache.store(ARTIFACT, [], [(tmp_path / "photo", FileStatus(5, moment), digest(1))])
        assert [moment for _, moment, _ in cache.known_files().values()] == [first]


@given(st.dictionaries(st.integers(0, 50), st.binary(min_size=8, max_size=8), min_size=1))
def test_vectors_come_back_in_the_order_asked_for(tmp_path_factory, vectors: dict[int, bytes]) -> None:
    """What is stored is loaded bit for bit, in any order; other artifacts do not see it."""
    with BottleneckCache(tmp_path_factory.mktemp("cache")) as cache:
        cache.store(ARTIFACT, [(digest(number), vector) for number, vector in vectors.items()], [])
        order = sorted(vectors, reverse=True)
        matrix = cache.load(ARTIFACT, [digest(number) for number in order], 8, np.uint8)
        assert [bytes(row) for row in matrix] == [vectors[number] for number in order]
        assert set(cache.known_images(ARTIFACT, 8)) == {digest(number) for number in vectors}
        assert set(cache.known_images(ARTIFACT, 4)) == set()
        assert set(cache.known_images(OTHER, 8)) == set()
        with pytest.raises(StorageError, match="lost 1 bottlenecks while training; run again"):
            cache.load(ARTIFACT, [digest(99)], 8, np.uint8)


def test_store_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """If the second part of a transaction fails, the first is not kept either."""

    def broken() -> object:
        yield digest(1), b"vector"
        raise ZeroDivisionError

    with BottleneckCache(tmp_path) as cache:
        with pytest.raises(ZeroDivisionError):
            cache.store(ARTIFACT, broken(), [])  # type: ignore[arg-type]
        assert set(cache.known_images(ARTIFACT, 6)) == set()


def test_another_preprocessing_does_not_share_bottlenecks(photos: Path, tmp_path: Path) -> None:
    """Rows of another preprocessing version are not found."""
    fill(photos, tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache" / FILE_NAME) as database:
        database.execute("UPDATE bottlenecks SET preprocessing = preprocessing + 1")
    database.close()
    assert fill(photos, tmp_path / "cache")[0] == 36


def test_two_artifacts_live_side_by_side(photos: Path, tmp_path: Path) -> None:
    """int8 and float32 bottlenecks of the same photos are kept apart."""
    folder = list_photos(photos)
    for quantization in ("int8", "float32", "int8"):
        extracted = compute_bottlenecks(tiny.extractor(tmp_path, quantization), folder)
        assert extracted.computed == (0 if quantization == "int8" and rows(tmp_path) == 72 else 36)
    images = list(extracted.contents.sha256.values())
    features = [tiny.extractor(tmp_path, quantization).load(images) for quantization in ("int8", "float32")]
    assert np.abs(features[0] - features[1]).max() < 0.02


def test_a_photo_that_is_asked_for_twice_has_two_equal_rows(photos: Path, tmp_path: Path) -> None:
    """Each row is the bottleneck of its photo, in the order asked for."""
    extractor = tiny.extractor(tmp_path)
    hashes = list(compute_bottlenecks(extractor, list_photos(photos)).contents.sha256.values())[:3]
    once = extractor.load(hashes)
    assert np.array_equal(extractor.load([hashes[1], hashes[0], hashes[1], hashes[2]]), once[[1, 0, 1, 2]])
