"""Files that are written and moved, also to another file system, and the names that they get."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.folders.move_files import is_copy, move_file, remove_leftovers, write_new
from trainer.teach.folders.places import Location, Places
from trainer.teach.state import CLASS, INBOX


def test_a_move_to_another_file_system_keeps_bytes_and_time(tmp_path: Path, other_file_system: Path) -> None:
    """The copy has the bytes and the time of the original, which is gone; nothing else is left."""
    source, target = other_file_system / "a.jpg", tmp_path / "rose" / "a.jpg"
    source.write_bytes(b"photo" * 1_000_000)
    os.utime(source, ns=(1, 1_234_567_891_000_000_000))
    move_file(source, target)
    assert (target.read_bytes(), target.stat().st_mtime_ns) == (b"photo" * 1_000_000, 1_234_567_891_000_000_000)
    assert (list(other_file_system.iterdir()), os.listdir(tmp_path / "rose")) == ([], ["a.jpg"])


def test_a_copy_that_fails_leaves_the_original(
    tmp_path: Path, other_file_system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk is full in the middle of a copy, the original is as it was and the target has nothing."""
    source, target = other_file_system / "a.jpg", tmp_path / "rose" / "a.jpg"
    source.write_bytes(b"photo")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        move_file(source, target)
    assert (source.read_bytes(), os.listdir(tmp_path / "rose")) == (b"photo", [])


def test_a_stopped_copy_is_known(tmp_path: Path, other_file_system: Path) -> None:
    """Two files of the same bytes are a stopped move only if they are on two file systems."""
    one, other, third = tmp_path / "a", other_file_system / "a", tmp_path / "b"
    for path in (one, other, third):
        path.write_bytes(b"photo")
    assert is_copy(other, one)
    assert not is_copy(one, third)
    one.write_bytes(b"PHOTO")
    assert not is_copy(other, one)
    assert not is_copy(other, tmp_path / "none")


def test_an_inbox_on_another_file_system(tmp_path: Path, other_file_system: Path) -> None:
    """Captured frames of another disk go into a class, and back after undo, with their times."""
    frame = other_file_system / "unknown" / "1.jpg"
    frame.parent.mkdir()
    frame.write_bytes(noise_picture(1))
    added_s = frame.stat().st_mtime_ns / 1e9
    folders = ClassFolders(tmp_path / "photos", other_file_system)
    folders.add_class("rose")
    folders.assign([folders.of(INBOX)[0].id], "rose")
    photo = folders.of(CLASS)[0]
    assert (photo.relative, photo.added_s, frame.exists()) == ("rose/1.jpg", added_s, False)
    folders.undo(2)
    photo = folders.of(INBOX)[0]
    assert (photo.path, photo.added_s, photo.path.read_bytes()) == (frame, added_s, noise_picture(1))
    folders.close()


def test_leftovers_are_removed(tmp_path: Path) -> None:
    """What a stopped write left is removed, and folders in which nothing is left."""
    write_new(tmp_path / "1" / "rose" / "a.jpg", b"photo")
    for name in ("1/rose/.part-b.jpg", "2/tulip/.part-c.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"pho")
    remove_leftovers(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["1", "1/rose", "1/rose/a.jpg"]


@pytest.mark.parametrize(
    ("name", "number", "free"),
    [
        ("a.jpg", 2, "a (2).jpg"),
        ("a.jpg", 3, "a (3).jpg"),
        ("a.b.jpg", 2, "a.b (2).jpg"),
        ("a", 2, "a (2)"),
        ("é" * 125 + ".jpg", 2, "é" * 123 + " (2).jpg"),
    ],
)
def test_a_free_name(tmp_path: Path, name: str, number: int, free: str) -> None:
    """A name that is taken gets the first number that is free, before its ending, and stays short enough."""
    places = Places(tmp_path, tmp_path / "inbox")
    location = Location(CLASS, f"rose/{name}")
    (tmp_path / "rose").mkdir()
    assert places.free(location) == location
    for _ in range(number - 1):
        places.path(places.free(location)).touch()
    assert places.free(location) == Location(CLASS, f"rose/{free}")
