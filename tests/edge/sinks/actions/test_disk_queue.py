"""The queue on the disk: in order, bounded, and there after a kill."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from edge.errors import StorageError
from edge.sinks.actions.disk_queue import DiskQueue


def queue(folder: Path, most: int = 10) -> DiskQueue:
    """An open queue in ``folder``."""
    opened = DiskQueue(folder / "queue", most=most)
    opened.open()
    return opened


def take_all(some: DiskQueue) -> list[bytes]:
    """All messages; none is left."""
    contents = []
    while oldest := some.oldest():
        name, content = oldest
        contents.append(content)
        assert some.remove(name)
    return contents


def test_in_order_and_after_a_restart(tmp_path: Path) -> None:
    """Messages of an earlier process come first; a number is never used for two of them."""
    first = queue(tmp_path)
    for content in (b"1", b"2", b"3"):
        assert first.add(content) == 0
    name, content = first.oldest() or ("", b"")
    assert content == b"1" and first.remove(name) and not first.remove(name)
    first.close()
    second = queue(tmp_path)
    second.add(b"4")
    assert len(second) == 3
    assert take_all(second) == [b"2", b"3", b"4"]
    assert len(second) == 0 and second.oldest() is None


def test_the_oldest_are_dropped(tmp_path: Path) -> None:
    """The queue never grows beyond its limit, also not if the limit is lower after a restart."""
    some = queue(tmp_path, most=3)
    assert [some.add(str(number).encode()) for number in range(5)] == [0, 0, 0, 1, 1]
    assert len(list((tmp_path / "queue-0").iterdir())) == 3
    some.close()
    smaller = queue(tmp_path, most=2)
    assert smaller.add(b"5") == 2
    assert take_all(smaller) == [b"4", b"5"]


def test_a_message_that_was_dropped_while_it_was_sent(tmp_path: Path) -> None:
    """It is not removed a second time, and no other in its place."""
    some = queue(tmp_path, most=1)
    some.add(b"1")
    name, _ = some.oldest() or ("", b"")
    some.add(b"2")
    assert not some.remove(name)
    assert take_all(some) == [b"2"]


def test_what_is_not_a_message(tmp_path: Path) -> None:
    """Half a message of a power cut is removed; other files stay; empty and missing messages hold up nothing."""
    folder = tmp_path / "queue-0"
    folder.mkdir()
    (folder / f".{1:015d}-{'a' * 16}.json.12ab").write_bytes(b"{")
    (folder / "notes.txt").touch()
    (folder / "1-\n.json").touch()
    (folder / f"{7:015d}-{'a' * 16}.json").touch()
    (folder / f"{8:015d}-{'a' * 16}.json").write_bytes(b"8")
    (folder / f"{9:015d}-{'a' * 16}.json").write_bytes(b"9")
    some = queue(tmp_path)
    some.add(b"10")
    (folder / f"{8:015d}-{'a' * 16}.json").unlink()
    assert take_all(some) == [b"9", b"10"]
    assert sorted(path.name for path in folder.iterdir()) == ["1-\n.json", "notes.txt"]


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe is not waited for, a link is not followed, and folders stay, whatever they are called."""
    folder = tmp_path / "queue-0"
    folder.mkdir()
    names = [f"{number:015d}-{'a' * 16}.json" for number in range(4)]
    os.mkfifo(folder / names[0])
    (tmp_path / "private").write_bytes(b"private")
    (folder / names[1]).symlink_to(tmp_path / "private")
    for name in (names[2], ".hidden"):
        (folder / name).mkdir()
    (folder / names[3]).write_bytes(b"3")
    assert take_all(queue(tmp_path)) == [b"3"]
    assert sorted(os.listdir(folder)) == sorted([*names[:3], ".hidden"])


def test_a_message_that_cannot_be_read_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk that passes removes nothing: the others are sent, and this one after the next start."""
    some, read = queue(tmp_path), Path.open
    some.add(b"1")
    some.add(b"2")

    def fail(path: Path, *arguments: Any) -> Any:
        if path.name.startswith(f"{1:015d}"):
            raise OSError(errno.EMFILE, "Too many open files")
        return read(path, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", fail)
        assert take_all(some) == [b"2"]
        assert len(some) == 0
    some.close()
    assert take_all(queue(tmp_path)) == [b"1"]


def test_opened_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time changes nothing; after a failure another one may have the folder."""
    some = queue(tmp_path)
    some.add(b"1")
    some.open()
    assert take_all(some) == [b"1"]
    some.close()

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", fail)
        with pytest.raises(StorageError, match="Input/output error"):
            some.open()
    other = queue(tmp_path)
    other.add(b"2")
    assert len(list((tmp_path / "queue-0").iterdir())) == 1


def test_two_processes(tmp_path: Path) -> None:
    """Each has a folder of its own, and the first one that is free after a restart."""
    one, two = queue(tmp_path), queue(tmp_path)
    one.add(b"one")
    two.add(b"two")
    assert take_all(two) == [b"two"]
    one.close()
    assert take_all(queue(tmp_path)) == [b"one"]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Neither the folder nor a message."""
    queue(tmp_path).add(b"1")
    folder = tmp_path / "queue-0"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())] == [0o700, 0o600]


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """One line says which, and what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"file/queue-0: .*\(Not a directory\); set XDG_STATE_HOME"):
        queue(tmp_path / "file")
