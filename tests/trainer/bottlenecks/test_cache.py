"""The bottleneck cache: kills, damage, edits, full disks and two runs at the same time."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import StorageError
from support import tiny
from support.paths import PACKAGES, TESTS, python_path
from trainer.bottlenecks.cache import FILE_NAME, BottleneckCache, CorruptCacheError, file_key, set_aside
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.photos.folder import list_photos
from trainer.progress import Progress

ARTIFACT, OTHER = b"a" * 32, b"b" * 32
LONG_AGO_NS = 1_500_000_000_000_000_000

FILL_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support import tiny
from trainer.bottlenecks import compute, fill_cache
from trainer.photos.folder import list_photos
fill_cache.COMMIT_EVERY_S = 0.0  # a transaction a photo, to be killed in any of them
print(compute.compute_bottlenecks(tiny.extractor(Path(sys.argv[3])), list_photos(Path(sys.argv[2]))).computed)
"""


class Listening(Progress):
    """Progress that keeps its messages."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def digest(number: int) -> bytes:
    """A made-up content hash."""
    return number.to_bytes(32, "big")


def fill_in_child(photos: Path, folder: Path) -> subprocess.Popen[str]:
    """Start filling the cache in ``folder`` in another process."""
    command = [sys.executable, "-c", FILL_SCRIPT, str(TESTS), str(photos), str(folder)]
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def rows(folder: Path) -> int:
    """How many bottlenecks are committed; 0 as long as there is no table."""
    try:
        database = sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True, timeout=10)
        try:
            return int(database.execute("SELECT count(*) FROM bottlenecks").fetchone()[0])
        finally:
            database.close()
    except sqlite3.OperationalError:
        return 0


def fill(photos: Path, folder: Path, progress: Progress | None = None) -> tuple[int, np.ndarray]:
    """Bring the cache up to date; returns how much was computed, and all features in order."""
    extractor = tiny.extractor(folder, progress=progress or Progress())
    extracted = compute_bottlenecks(extractor, list_photos(photos))
    return extracted.computed, extractor.load(list(extracted.contents.sha256.values()))


@pytest.mark.parametrize("kill_at", [1, 17, 60, 100])
def test_killed_run_is_taken_up_where_it_stopped(large_photos: Path, tmp_path: Path, kill_at: int) -> None:
    """After SIGKILL the next run computes what was not committed, no more, and the result is the same bit for bit."""
    complete = fill(large_photos, tmp_path / "whole")
    child = fill_in_child(large_photos, tmp_path / "killed")
    while rows(tmp_path / "killed") < kill_at and child.poll() is None:
        pass
    child.kill()
    child.communicate()
    survived = rows(tmp_path / "killed")
    assert survived >= kill_at
    computed, features = fill(large_photos, tmp_path / "killed")
    assert computed == 120 - survived
    assert features.tobytes() == complete[1].tobytes()
    assert fill(large_photos, tmp_path / "killed")[0] == 0


def test_killed_again_and_again_it_still_ends(large_photos: Path, tmp_path: Path) -> None:
    """A run that is killed after every few photos makes progress each time, and loses nothing."""
    reached = 0
    while reached < 90:
        child = fill_in_child(large_photos, tmp_path / "cache")
        while rows(tmp_path / "cache") <= min(reached + 20, 119) and child.poll() is None:
            pass
        child.kill()
        child.communicate()
        assert rows(tmp_path / "cache") > reached
        reached = rows(tmp_path / "cache")
    computed, features = fill(large_photos, tmp_path / "cache")
    assert computed == 120 - reached
    assert features.tobytes() == fill(large_photos, tmp_path / "whole")[1].tobytes()


def test_two_runs_at_once_share_one_cache(large_photos: Path, tmp_path: Path) -> None:
    """Three processes fill the same new cache: all succeed, and it holds each bottleneck once and intact."""
    children = [fill_in_child(large_photos, tmp_path / "cache") for _ in range(3)]
    ends = [(child.communicate(), child.returncode) for child in children]
    assert [(code, talk[1]) for talk, code in ends] == [(0, "")] * 3
    assert rows(tmp_path / "cache") == 120
    with sqlite3.connect(tmp_path / "cache" / FILE_NAME) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    computed, features = fill(large_photos, tmp_path / "cache")
    assert computed == 0
    assert features.tobytes() == fill(large_photos, tmp_path / "whole")[1].tobytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"garbage" * 1000,
        lambda content: content[:-4096],
        lambda content: content[: len(content) // 2],
        lambda content: content[:4096],
        lambda content: content[:100],
        lambda content: content.replace(b"mtime_ns INTEGER", b"mtime_xy INTEGER"),
        lambda content: content.replace(b"bottlenecksbottlenecks", b"bottl\xff\xffecksbottlenecks"),
    ],
    ids=["garbage", "last page", "half", "first page", "header", "column", "schema"],
)
def test_corrupt_cache_is_set_aside_and_rebuilt(photos: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A cache that is no working database is renamed, one line says so, and the run goes on with a new one."""
    expected = fill(photos, tmp_path / "cache")
    path = tmp_path / "cache" / FILE_NAME
    content = path.read_bytes()
    damaged = damage(content)
    assert damaged != content
    path.write_bytes(damaged)
    progress = Listening()
    computed, features = fill(photos, tmp_path / "cache", progress)
    assert (computed, features.tobytes()) == (36, expected[1].tobytes())
    aside = path.with_name(FILE_NAME + ".corrupt")
    (line,) = progress.messages
    assert line.startswith(f"the bottleneck cache is corrupt ({path}: ")
    assert line.endswith(f"; renamed to {aside}; a new one is made")
    assert aside.read_bytes()[:1] == damaged[:1]
    assert fill(photos, tmp_path / "cache", progress)[0] == 0
    assert len(progress.messages) == 1


def test_any_flipped_byte_is_survived(photos: Path, tmp_path: Path) -> None:
    """Whichever byte of the file flips, the next run ends with the right features: mended, or started anew."""
    expected = fill(photos, tmp_path / "cache")[1].tobytes()
    path = tmp_path / "cache" / FILE_NAME
    content = path.read_bytes()
    anew = 0
    for offset in [*range(0, 4096, 111), *range(4096, len(content), 47)]:
        damaged = bytearray(content)
        damaged[offset] ^= (1, 128, 255)[offset % 3]
        for file in (tmp_path / "cache").iterdir():
            file.unlink()
        path.write_bytes(damaged)
        progress = Listening()
        assert fill(photos, tmp_path / "cache", progress)[1].tobytes() == expected, offset
        anew += len(progress.messages)
    assert anew > 5


def test_flipped_byte_in_a_vector_is_recomputed_alone(photos: Path, tmp_path: Path) -> None:
    """One damaged bottleneck costs one computation, not the cache."""
    expected = fill(photos, tmp_path / "cache")[1]
    path = tmp_path / "cache" / FILE_NAME
    with sqlite3.connect(path) as database:
        image, vector = database.execute("SELECT image, vector FROM bottlenecks LIMIT 1 OFFSET 7").fetchone()
    database.close()
    content = path.read_bytes()
    assert content.count(vector) == 1
    path.write_bytes(content.replace(vector, bytes([vector[0] ^ 64]) + vector[1:]))
    with BottleneckCache(tmp_path / "cache") as cache:
        assert image not in cache.known_images(bytes.fromhex(tiny.backbone().model.sha256), len(vector))
    computed, features = fill(photos, tmp_path / "cache")
    assert computed == 1
    assert features.tobytes() == expected.tobytes()


def test_unchanged_files_are_not_read_again(photos: Path, tmp_path: Path) -> None:
    """A file with the size and time it had is taken for what it was: it is neither hashed nor decoded."""
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
    """Bottlenecks belong to content, wherever it lies."""
    fill(photos, tmp_path / "cache")
    photos.rename(tmp_path / "moved")
    assert fill(tmp_path / "moved", tmp_path / "cache")[0] == 0


def test_fresh_files_are_not_trusted_by_their_time_stamp(tmp_path: Path) -> None:
    """A file written this very moment may change again within its time stamp's granularity: it is not indexed."""
    fresh, settled = tmp_path / "fresh", tmp_path / "settled"
    for path in (fresh, settled):
        path.write_bytes(b"photo")
    os.utime(settled, ns=(LONG_AGO_NS, LONG_AGO_NS))
    with BottleneckCache(tmp_path / "cache") as cache:
        cache.store(ARTIFACT, [], [(path, path.stat(), digest(1)) for path in (fresh, settled)])
        assert cache.known_files() == {file_key(settled): (5, LONG_AGO_NS, digest(1))}


@given(st.dictionaries(st.integers(0, 50), st.binary(min_size=8, max_size=8), min_size=1))
def test_vectors_come_back_in_the_order_asked_for(tmp_path_factory, vectors: dict[int, bytes]) -> None:
    """What is stored is loaded bit for bit, in any order; other artifacts do not see it."""
    with BottleneckCache(tmp_path_factory.mktemp("cache")) as cache:
        cache.store(ARTIFACT, [(digest(number), vector) for number, vector in vectors.items()], [])
        order = sorted(vectors, reverse=True)
        matrix = cache.load(ARTIFACT, [digest(number) for number in order], 8, np.uint8)
        assert [bytes(row) for row in matrix] == [vectors[number] for number in order]
        assert cache.known_images(ARTIFACT, 8) == {digest(number) for number in vectors}
        assert cache.known_images(ARTIFACT, 4) == set()
        assert cache.known_images(OTHER, 8) == set()
        with pytest.raises(StorageError, match="lost 1 bottlenecks while training; run again"):
            cache.load(ARTIFACT, [digest(99)], 8, np.uint8)


def test_store_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where the second part of a transaction fails, the first is not kept either."""

    def broken() -> object:
        yield digest(1), b"vector"
        raise ZeroDivisionError

    with BottleneckCache(tmp_path) as cache:
        with pytest.raises(ZeroDivisionError):
            cache.store(ARTIFACT, broken(), [])  # type: ignore[arg-type]
        assert cache.known_images(ARTIFACT, 6) == set()


def test_place_that_cannot_hold_a_cache_is_a_storage_error(tmp_path: Path, read_only_disk: Path) -> None:
    """A read-only disk, a file in the way and a folder of the cache's name each end in one line."""
    (tmp_path / "file").touch()
    (tmp_path / "taken" / FILE_NAME).mkdir(parents=True)
    with pytest.raises(StorageError, match=r"file/cache: cannot be made .* choose --bottleneck-dir"):
        BottleneckCache(tmp_path / "file" / "cache")
    with pytest.raises(StorageError, match=r"read-only/cache: cannot be made \(Read-only file system\)"):
        BottleneckCache(read_only_disk / "cache")
    for folder in (read_only_disk, tmp_path / "taken"):
        with pytest.raises(StorageError, match="unable to open database file; free some space or choose another place"):
            BottleneckCache(folder)


@pytest.mark.parametrize("size", ["4k", "28k", "60k", "76k", "92k", "108k"])
def test_full_disk_ends_in_one_line_and_the_cache_stays_sound(
    photos: Path, small_disk: Callable[[str], Path], size: str
) -> None:
    """However early the disk is full, it is a storage error, and what was committed can still be used."""
    disk = small_disk(size)
    with pytest.raises(StorageError, match="free some space or choose another place with --bottleneck-dir"):
        fill_until_full(disk / "cache", photos)
    subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
    assert fill(photos, disk / "cache")[1].shape == (36, tiny.FEATURES)


def fill_until_full(folder: Path, photos: Path) -> None:
    """Store the photos' bottlenecks, then more and more of another artifact's, until something gives."""
    fill(photos, folder)
    with BottleneckCache(folder) as cache:
        for number in range(100):
            cache.store(OTHER, [(digest(number), bytes(4096))], [])


def test_set_aside_keeps_the_last_corrupt_cache(tmp_path: Path) -> None:
    """Setting aside moves the file out of the way, journal and all, and replaces an earlier one."""
    for content in (b"first", b"second"):
        (tmp_path / FILE_NAME).write_bytes(content)
        (tmp_path / f"{FILE_NAME}-wal").write_bytes(b"journal")
        assert set_aside(tmp_path) == tmp_path / f"{FILE_NAME}.corrupt"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {f"{FILE_NAME}.corrupt": b"second"}


def test_cache_that_loses_what_it_is_given_is_called_corrupt(tmp_path: Path) -> None:
    """The check after a run counts what cannot be found again."""
    with BottleneckCache(tmp_path) as cache:
        cache.store(ARTIFACT, [(digest(1), b"12345678")], [])
        cache.check_holds(ARTIFACT, {digest(1)}, 8)
        with pytest.raises(CorruptCacheError, match="2 stored bottlenecks cannot be found again"):
            cache.check_holds(ARTIFACT, {digest(1), digest(2), digest(3)}, 8)


def test_another_preprocessing_does_not_share_bottlenecks(photos: Path, tmp_path: Path) -> None:
    """Rows of another preprocessing version are not found."""
    fill(photos, tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache" / FILE_NAME) as database:
        database.execute("UPDATE bottlenecks SET preprocessing = preprocessing + 1")
    database.close()
    assert fill(photos, tmp_path / "cache")[0] == 36


def test_two_artifacts_live_side_by_side(photos: Path, tmp_path: Path) -> None:
    """int8 and float32 bottlenecks of the same photos do not meet."""
    folder = list_photos(photos)
    for quantization in ("int8", "float32", "int8"):
        extracted = compute_bottlenecks(tiny.extractor(tmp_path, quantization), folder)
        assert extracted.computed == (0 if quantization == "int8" and rows(tmp_path) == 72 else 36)
    images = list(extracted.contents.sha256.values())
    features = [tiny.extractor(tmp_path, quantization).load(images) for quantization in ("int8", "float32")]
    assert np.abs(features[0] - features[1]).max() < 0.02
