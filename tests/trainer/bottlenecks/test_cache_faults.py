"""What the bottleneck cache survives: kills, damage, full disks and two runs at the same time."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import StorageError
from support import tiny
from support.filled_cache import ARTIFACT, OTHER, digest, fill, fill_in_child, rows
from support.messages import Messages
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.cache_database import FILE_NAME, CorruptCacheError, set_aside
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.photos.folder import list_photos


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
        lambda content: content[:-16_384],
        lambda content: content[: len(content) // 2],
        lambda content: content[:16_384],
        lambda content: content[:100],
        lambda content: content.replace(b"mtime_ns INTEGER", b"mtime_xy INTEGER"),
        lambda content: content.replace(b"mtime_ns INTEGER", b"mtime_ns ,INTEGER"),
        lambda content: content.replace(b"bottlenecksbottlenecks", b"bottl\xff\xffecksbottlenecks"),
    ],
    ids=["garbage", "last page", "half", "first page", "header", "column", "another column", "schema"],
)
def test_corrupt_cache_is_set_aside_and_rebuilt(photos: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A cache that is not a working database is renamed, with one message, and the run continues with a new one."""
    expected = fill(photos, tmp_path / "cache")
    path = tmp_path / "cache" / FILE_NAME
    content = path.read_bytes()
    damaged = damage(content)
    assert damaged != content
    path.write_bytes(damaged)
    progress = Messages()
    computed, features = fill(photos, tmp_path / "cache", progress)
    assert (computed, features.tobytes()) == (36, expected[1].tobytes())
    aside = path.with_name(FILE_NAME + ".corrupt")
    (line,) = progress.lines
    assert line.startswith(f"the bottleneck cache is corrupt ({path}: ")
    assert line.endswith(f"; renamed to {aside}; a new one is made")
    assert aside.read_bytes()[:1] == damaged[:1]
    assert fill(photos, tmp_path / "cache", progress)[0] == 0
    assert len(progress.lines) == 1


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TRIGGER t AFTER INSERT ON bottlenecks BEGIN DELETE FROM files; END",
        "CREATE VIEW v AS SELECT * FROM files",
        "ALTER TABLE bottlenecks RENAME TO b; CREATE VIEW bottlenecks AS SELECT * FROM b",
        "CREATE VIRTUAL TABLE r USING rtree(id, low, high)",
    ],
    ids=["trigger", "view", "view in place of the table", "virtual table"],
)
def test_a_cache_that_can_do_more_than_hold_is_set_aside(photos: Path, tmp_path: Path, script: str) -> None:
    """Triggers and views run when the cache is read or written; a cache that has them is renamed like a corrupt one."""
    expected = fill(photos, tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache" / FILE_NAME) as database:
        database.executescript(script)
    database.close()
    progress = Messages()
    computed, features = fill(photos, tmp_path / "cache", progress)
    assert (computed, features.tobytes()) == (36, expected[1].tobytes())
    (line,) = progress.lines
    assert "it has a trigger or a view, which a cache never has" in line


def test_any_flipped_byte_is_survived(photos: Path, tmp_path: Path) -> None:
    """If any byte of the file flips, the next run ends with the right features, from this cache or from a new one."""
    for path in photos.rglob("*.png"):
        if int(path.stem) >= 4:
            path.unlink()  # a third of the rows has pages of all kinds, and fewer bytes
    progress, listed = Messages(), list_photos(photos)
    extractor = tiny.extractor(tmp_path / "cache", progress=progress)

    def features() -> bytes:
        extracted = compute_bottlenecks(extractor, listed)
        return extractor.load(list(extracted.contents.sha256.values())).tobytes()

    expected = features()
    path = tmp_path / "cache" / FILE_NAME
    content = path.read_bytes()
    for offset in [*range(0, 4096, 111), *range(4096, len(content), 131)]:
        damaged = bytearray(content)
        damaged[offset] ^= (1, 128, 255)[offset % 3]
        for file in (tmp_path / "cache").iterdir():
            file.unlink()
        path.write_bytes(damaged)
        assert features() == expected, offset
    assert len(progress.lines) > 5


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


def test_place_that_cannot_hold_a_cache_is_a_storage_error(tmp_path: Path, read_only_disk: Path) -> None:
    """A read-only disk, a file in the way and a folder of the cache's name each end in one line."""
    (tmp_path / "file").touch()
    (tmp_path / "taken" / FILE_NAME).mkdir(parents=True)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / FILE_NAME).symlink_to("nowhere/at all")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(StorageError, match=r"file/cache: cannot be made .* choose --bottleneck-dir"):
        BottleneckCache(tmp_path / "file" / "cache")
    for name in ("file", "loop"):
        with pytest.raises(StorageError, match=f"{name} is a file, or a link that leads to no folder; choose --bottle"):
            BottleneckCache(tmp_path / name)
    with pytest.raises(StorageError, match=r"read-only/cache: cannot be made \(Read-only file system\)"):
        BottleneckCache(read_only_disk / "cache")
    for folder, why in (
        (read_only_disk, "its drive is read-only"),
        (tmp_path / "taken", "a folder has its name"),
        (tmp_path / "linked", "it is a link to nothing"),
    ):
        with pytest.raises(StorageError, match=f"unable to open database file: {why}; choose another place with --bo"):
            BottleneckCache(folder)


@pytest.mark.parametrize("mode", [0o500, 0o600, 0o000], ids=["not written", "not entered", "nothing"])
def test_a_cache_that_may_not_be_written_says_which_right_is_missing(tmp_path: Path, mode: int) -> None:
    """Whoever may write everything, as root, has no such error."""
    with BottleneckCache(tmp_path):
        pass
    tmp_path.chmod(mode)
    try:
        if os.access(tmp_path, os.W_OK | os.X_OK):
            pytest.skip("this user may write everything")
        with pytest.raises(StorageError, match=f"no right to write {tmp_path}; choose another place"):
            BottleneckCache(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_locked_cache_is_said_to_be_locked(tmp_path: Path) -> None:
    """The remedy is to wait for the other program, not to free space."""
    with BottleneckCache(tmp_path) as cache:
        cache._database.connection.execute("PRAGMA busy_timeout = 1")
        with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="database is locked by another program; wait until that ends, or"):
                cache.store(ARTIFACT, [(digest(1), b"12345678")], [])


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
    """Store the photos' bottlenecks, then more and more of another artifact's, until the disk is full."""
    fill(photos, folder)
    with BottleneckCache(folder) as cache:
        for number in range(100):
            cache.store(OTHER, [(digest(number), bytes(4096))], [])


def test_set_aside_keeps_the_last_corrupt_cache(tmp_path: Path) -> None:
    """Setting aside moves the file out of the way, together with its journal, and replaces an earlier one."""
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
