"""A folder that grows while it is watched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.errors import UnavailableError
from edge.sources import folder as module
from edge.sources.folder import GrowingFolder
from support.colours import COLOURS, encoded, plain


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short times between listings."""
    monkeypatch.setattr(module, "POLL_S", 0.002)
    monkeypatch.setattr(module, "_LONGEST_WAIT_S", 0.05)


def _watch(folder: Path) -> tuple[GrowingFolder, list[str]]:
    messages: list[str] = []
    source = GrowingFolder(str(folder), messages.append)
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


def test_what_is_no_picture_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    """Files that were removed take no memory."""
    source, _ = _watch(tmp_path)
    for index in range(5):
        _put(tmp_path / f"{index}.png", "red")
        assert source.read() is not None
        (tmp_path / f"{index}.png").unlink()
    source.read()
    assert source._known == source._growing == {}
