"""Photos that become something else between listing and reading."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import ImageError
from edge.system import daemon_pool, drives
from support import tiny
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.photos import reading
from trainer.photos.bucket import as_place
from trainer.photos.folder import list_photos
from trainer.photos.reading import openable, read_photo


def pipe(path: Path) -> None:
    """Put a pipe without a writer in place of the file at ``path``."""
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    """Put a folder there."""
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    """Put a link to itself there."""
    path.unlink()
    path.symlink_to(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (pipe, "not a regular file"),
        (folder, "cannot be read: Is a directory"),
        (loop, "cannot be read: Too many levels of symbolic links"),
        (Path.unlink, "cannot be read: No such file or directory"),
        (lambda path: path.write_bytes(b""), "an empty file"),
    ],
)
def test_what_a_photo_has_become_is_named(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], reason: str
) -> None:
    """It costs this photo, and not the run: above all nothing waits for somebody who writes into the pipe."""
    monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 10.0)  # of a pipe that is waited for
    listed = list_photos(photos)
    lost = listed.files[5]
    change(lost.path)
    contents = compute_bottlenecks(tiny.extractor(tmp_path / "cache"), listed).contents
    assert contents.unreadable == {lost.relative: reason}
    assert len(contents.sha256) == len(listed.files) - 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_photo_that_is_decoded_where_it_lies_is_no_pipe(photos: Path) -> None:
    """Whatever else it is, decoding says it."""
    photo = list_photos(photos).files[0].path
    assert openable(photo) == photo
    pipe(photo)
    with pytest.raises(ImageError, match="not a regular file"):
        openable(photo)
    photo.unlink()
    assert openable(photo) == photo


def test_a_bucket_has_limits_of_its_own_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of drives does not end the wait for a busy server, but a run that ends does not wait for it."""
    monkeypatch.setattr(drives, "ANSWER_LIMIT_S", 0.05)
    for module in (drives, daemon_pool):
        monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    answer = threading.Event()
    monkeypatch.setattr(reading, "read_from_bucket", lambda path: answer.wait(30))
    pool = daemon_pool.DaemonPool(1)
    waiting = pool.submit(lambda: read_photo(as_place("s3://photos/1.png")))
    later = threading.Timer(0.3, answer.set)
    later.start()
    assert pool.result(waiting) is True
    answer.clear()
    pool.submit(lambda: read_photo(as_place("s3://photos/1.png")))
    pool.close()
    assert not answer.is_set()
    answer.set()
