"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import files
from edge.errors import StorageError
from edge.files import check_writable, free_path, write_output, write_whole
from edge.system import drives


@given(st.binary(max_size=1000), st.binary(max_size=1000))
def test_content_comes_back_and_replaces_what_was_there(tmp_path_factory, first: bytes, second: bytes) -> None:
    """A second write replaces the first one wholly and leaves nothing beside it."""
    path = tmp_path_factory.mktemp("files") / "new" / "folder" / "model.tflite"
    for content in (first, second):
        write_whole(path, content)
        assert path.read_bytes() == content
        assert os.listdir(path.parent) == ["model.tflite"]


def test_file_has_the_rights_that_the_user_asks_for(tmp_path: Path) -> None:
    """The umask decides who may read the file, as for any other file."""
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "model", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o640


def test_the_umask_of_the_process_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads make files too: with another umask for a moment, every user could write to theirs."""

    def change(mask: int) -> int:
        raise AssertionError(mask)

    monkeypatch.setattr(os, "umask", change)
    write_whole(tmp_path / "model", b"x")
    write_whole(tmp_path / "status", b"x", mode=0o644)


def test_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Callable[[str], Path]) -> None:
    """If the new content does not fit, the old file is still there, whole."""
    folder = small_disk("64k")
    write_whole(folder / "model", b"old")
    with pytest.raises(
        StorageError, match=r"model: cannot be written \(No space left on device\); choose another place"
    ):
        write_whole(folder / "model", bytes(100_000))
    assert (folder / "model").read_bytes() == b"old"
    assert os.listdir(folder) == ["model"]


def test_place_that_cannot_be_written_is_a_storage_error(tmp_path: Path, read_only_disk: Path) -> None:
    """A read-only disk, a folder that is a file and a target that is a folder are named with the reason."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    places = {
        read_only_disk / "model": "Read-only file system",
        tmp_path / "file" / "model": "Not a directory|File exists",
        tmp_path / "folder": "Is a directory",
    }
    for path, reason in places.items():
        with pytest.raises(StorageError, match=rf"cannot be written \(({reason})\)"):
            write_whole(path, b"x")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "read-only"]


def test_a_drive_that_falls_silent_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written has its own limit until it is on the disk; then it is one line, and the old file is there."""
    monkeypatch.setattr(files, "WRITE_TIMES", 0.005)
    monkeypatch.setattr(drives, "LOOK_EVERY_S", 0.01)
    path = tmp_path / "model"
    write_whole(path, b"old")
    answered = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda handle: answered.wait())
    with pytest.raises(StorageError, match=f"^{path}: no answer within 0.3 s; mend the drive and run again to go on$"):
        write_output(path, b"new")
    assert path.read_bytes() == b"old"
    answered.set()
    for thread in threading.enumerate():
        if thread.name == "drive":
            thread.join()
    assert (os.listdir(tmp_path), path.read_bytes()) == (["model"], b"new")


def test_writability_is_known_before_the_work(tmp_path: Path, read_only_disk: Path) -> None:
    """The check finds what the write would find, and leaves no trace."""
    (tmp_path / "file").touch()
    for path in (read_only_disk / "model", tmp_path / "file" / "model"):
        with pytest.raises(StorageError, match=r"cannot be written .* choose another --output"):
            check_writable(path)
    with pytest.raises(StorageError, match=r"is a folder; give the name of a file, such as .*model\.tflite"):
        check_writable(tmp_path)
    check_writable(tmp_path / "new" / "model")
    assert os.listdir(tmp_path / "new") == []


def test_a_free_path_has_the_first_free_number(tmp_path: Path) -> None:
    """A path that is taken, by a broken link too, gets a number before its ending."""
    path = tmp_path / "a.b.jpg"
    assert free_path(path) == path
    path.write_bytes(b"")
    (tmp_path / "a.b-2.jpg").symlink_to(tmp_path / "gone")
    assert free_path(path) == tmp_path / "a.b-3.jpg"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")
def test_devices_and_pipes_are_no_outputs(tmp_path: Path) -> None:
    """Whoever may rename files there would otherwise put a file into the place of /dev/null."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("/dev/null"), Path("/dev/stdout"), Path("/dev/not there"), pipe):
        with pytest.raises(StorageError, match="is a device or a pipe; give the name of a file"):
            write_whole(path, b"x")
        with pytest.raises(StorageError, match="is a device or a pipe"):
            check_writable(path)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
