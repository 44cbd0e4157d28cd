"""A folder that grows while it is watched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import UnavailableError
from edge.sources import folder as module
from edge.sources import known_files
from edge.sources.folder import GrowingFolder
from support.colours import COLOURS, encoded, plain
from support.waiting import wait_for


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short times between listings."""
    monkeypatch.setattr(module, "POLL_S", 0.002)
    monkeypatch.setattr(module, "_LONGEST_WAIT_S", 0.05)


def _watch(folder: Path, *, recursive: bool = False) -> tuple[GrowingFolder, list[str]]:
    messages: list[str] = []
    source = GrowingFolder(str(folder), recursive=recursive, write_message=messages.append)
    source.open()
    return source, messages


def _label(pixels: np.ndarray | None) -> str | None:
    return next((label for label, rgb in COLOURS.items() if pixels is not None and tuple(pixels[0, 0]) == rgb), None)


def _put(path: Path, label: str, time_s: int = 0) -> None:
    path.write_bytes(encoded(plain(label), "PNG"))
    if time_s:
        os.utime(path, (time_s, time_s))


def test_only_new_pictures_come(tmp_path: Path) -> None:
    """Files that were there before are ignored; later ones come once, by their time."""
    _put(tmp_path / "old.png", "green")
    source, _ = _watch(tmp_path)
    assert source.read() is None
    _put(tmp_path / "a.png", "blue", 2000)
    _put(tmp_path / "b.png", "red", 1000)
    assert [_label(source.read()) for _ in range(3)] == ["red", "blue", None]
    (tmp_path / "b.png").unlink()
    _put(tmp_path / "b.png", "green")
    assert [_label(source.read()) for _ in range(2)] == ["green", None]


def test_a_file_that_is_overwritten_is_new(tmp_path: Path) -> None:
    """A camera may write the same file again and again."""
    source, _ = _watch(tmp_path)
    for time_s, label in enumerate(["red", "blue", "red"], 1000):
        _put(tmp_path / "latest.png", label, time_s)
        assert _label(source.read()) == label


def test_half_a_picture_is_waited_for(tmp_path: Path) -> None:
    """A picture that is still being written comes when it is complete, and there is no message before."""
    source, messages = _watch(tmp_path)
    content = encoded(plain("red"), "PNG")
    with (tmp_path / "slow.png").open("wb") as file:
        for end in (20, len(content) // 2):
            file.write(content[file.tell() : end])
            file.flush()
            assert source.read() is None
        file.write(content[file.tell() :])
    assert _label(source.read()) == "red"
    assert messages == []


def test_what_is_no_picture_is_printed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete file that cannot be decoded is skipped with its reason; the pictures after it come."""
    monkeypatch.setattr(module, "SETTLE_S", 0.0)
    source, messages = _watch(tmp_path)
    (tmp_path / "notes.txt").write_text("no picture")
    for name in (".hidden.png", "Thumbs.db"):
        (tmp_path / name).write_bytes(encoded(plain("red"), "PNG"))
    (tmp_path / "below").mkdir()
    (tmp_path / "broken.png").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.png")
    assert source.read() is None
    assert source.read() is None
    (line,) = messages
    assert line.startswith(f"skipped {tmp_path}/notes.txt: not an image of a known format")
    _put(tmp_path / "c.png", "blue")
    assert _label(source.read()) == "blue"


def test_a_folder_that_goes_and_comes_back(tmp_path: Path) -> None:
    """A folder that is removed is unavailable; when it is back, its new files are found."""
    folder = tmp_path / "photos"
    folder.mkdir()
    source, _ = _watch(folder)
    shutil.rmtree(folder)
    with pytest.raises(UnavailableError, match=r"photos: cannot be read: No such file"):
        source.read()
    with pytest.raises(UnavailableError):
        source.open()
    folder.mkdir()
    _put(folder / "a.png", "red")
    source.open()
    assert _label(source.read()) == "red"
    source.close()


def test_deleted_files_are_forgotten(tmp_path: Path) -> None:
    """Files that were removed take no memory, also if their folder was removed with them."""
    source, _ = _watch(tmp_path, recursive=True)
    for index in range(5):
        (tmp_path / f"day {index}").mkdir()
        for name in (f"{index}.png", f"day {index}/a.png"):
            _put(tmp_path / name, "red")
            assert source.read() is not None
        (tmp_path / f"{index}.png").unlink()
        shutil.rmtree(tmp_path / f"day {index}")
    source.read()
    assert (len(source._known), source._growing) == (0, {})


def test_a_folder_that_comes_later(tmp_path: Path) -> None:
    """A folder that is not there at the start is waited for; what is older than the start does not count."""
    source = GrowingFolder(str(tmp_path / "disk"))
    with pytest.raises(UnavailableError, match=r"disk: cannot be read: No such file or directory; is its disk there\?"):
        source.open()
    (tmp_path / "new").mkdir()
    _put(tmp_path / "new" / "old.png", "red", 1000)
    _put(tmp_path / "new" / "a.png", "green")
    (tmp_path / "new").rename(tmp_path / "disk")
    source.open()
    assert [_label(source.read()) for _ in range(2)] == ["green", None]


def test_a_renamed_file_comes_once(tmp_path: Path) -> None:
    """A download that gets its name at its end is one picture, also if it gets the time of the original then."""
    source, _ = _watch(tmp_path)
    _put(tmp_path / "a.png.part", "red")
    assert _label(source.read()) == "red"
    (tmp_path / "a.png.part").rename(tmp_path / "a.png")
    assert source.read() is None
    os.utime(tmp_path / "a.png", (1000, 1000))
    assert source.read() is None
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    _put(tmp_path / "a.png", "blue")
    assert [_label(source.read()) for _ in range(2)] == ["blue", None]
    _put(tmp_path / "b.png", "green")
    assert _label(source.read()) == "green"


def test_folders_that_come_later(tmp_path: Path) -> None:
    """Cameras file pictures by date: a new folder at midnight is watched as the others are, the newest picture last."""
    (tmp_path / "2026/11/30").mkdir(parents=True)
    _put(tmp_path / "2026/11/30/old.png", "red")
    (tmp_path / "2026/11/30/back").symlink_to(tmp_path / "2026")
    source, messages = _watch(tmp_path, recursive=True)
    assert source.read() is None
    (tmp_path / "2026/12/01").mkdir(parents=True)
    _put(tmp_path / "2026/12/01/a.png", "blue", 2000)
    _put(tmp_path / "2026/11/30/last.png", "green", 1000)
    (tmp_path / "2026/12/01/.trash").mkdir()
    _put(tmp_path / "2026/12/01/.trash/b.png", "red")
    assert [_label(source.read()) for _ in range(3)] == ["green", "blue", None]
    (tmp_path / "2026/12/01").rename(tmp_path / "2026/12/02")
    assert source.read() is None
    assert messages == []


def test_folders_are_ignored_without_recursive(tmp_path: Path) -> None:
    """By default only the folder itself is watched."""
    source, _ = _watch(tmp_path)
    (tmp_path / "below").mkdir()
    _put(tmp_path / "below" / "a.png", "red")
    assert source.read() is None


def test_a_very_deep_folder(tmp_path: Path) -> None:
    """Folders deeper than any path may be are watched as deep as that goes."""
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1200):
            os.mkdir("deeper", dir_fd=here)
            below = os.open("deeper", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        source, _ = _watch(tmp_path, recursive=True)
        _put(tmp_path / "deeper" / "a.png", "red")
        assert wait_for(lambda: _label(source.read())) == "red"
    finally:
        os.close(here)
        subprocess.run(["rm", "-rf", "deeper"], cwd=tmp_path, check=True)  # shutil calls itself for each folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device than the folders of the tests."""
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def _mount(what: Path, where: Path) -> None:
    """Let ``where`` show ``what``: a link replaces the mount, which only root may make."""
    (where.parent / "link").symlink_to(what)
    (where.parent / "link").rename(where)


@pytest.mark.parametrize("recursive", [False, True])
def test_a_disk_that_goes_and_comes_back(recursive: bool, disk: Path, tmp_path: Path) -> None:
    """While the disk is away its place is an empty folder; then only what was written meanwhile is new."""
    top = tmp_path / "top"
    top.mkdir()
    (tmp_path / "empty").mkdir()
    place = top / "disk" if recursive else tmp_path / "disk"
    for index in range(3):
        _put(disk / f"old {index}.png", "red")
    _mount(disk, place)
    source, _ = _watch(top if recursive else place, recursive=recursive)
    _put(disk / "a.png", "blue")
    assert [_label(source.read()) for _ in range(2)] == ["blue", None]
    for number in range(3):
        _mount(tmp_path / "empty", place)
        assert source.read() is None
        _put(disk / f"meanwhile {number}.png", "green")
        with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
            # Another mount of a file system without numbers of its own: all files get new ones.
            copied = Path(shutil.copytree(disk, Path(other) / "copy"))
            _mount(copied, place)
            assert [_label(source.read()) for _ in range(2)] == ["green", None]
            _mount(disk, place)
            assert source.read() is None


def test_a_disk_that_comes_later(disk: Path, tmp_path: Path) -> None:
    """A disk that is mounted after the start brings old pictures, which do not count."""
    (tmp_path / "empty").mkdir()
    _mount(tmp_path / "empty", tmp_path / "disk")
    source, _ = _watch(tmp_path / "disk")
    for index in range(3):
        _put(disk / f"{index}.png", "red", 1000 + index)
    _put(disk / "new.png", "blue")
    _mount(disk, tmp_path / "disk")
    assert [_label(source.read()) for _ in range(2)] == ["blue", None]


def test_files_of_removed_disks_are_not_kept_for_ever(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is a limit to what is remembered."""
    monkeypatch.setattr(known_files, "MAX_AWAY", 4)
    (tmp_path / "empty").mkdir()
    for index in range(9):
        _put(disk / f"{index}.png", "red")
    _mount(disk, tmp_path / "disk")
    source, _ = _watch(tmp_path / "disk")
    assert len(source._known) == 9
    _mount(tmp_path / "empty", tmp_path / "disk")
    assert source.read() is None
    assert len(source._known) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_below_that_cannot_be_read(tmp_path: Path) -> None:
    """What is in it is not new when it can be read again."""
    (tmp_path / "below").mkdir()
    _put(tmp_path / "below" / "a.png", "red")
    source, _ = _watch(tmp_path, recursive=True)
    (tmp_path / "below").chmod(0)
    assert source.read() is None
    (tmp_path / "below").chmod(0o700)
    assert source.read() is None
