"""Opening a session: which folders can be one, what is read of them, and what a message says of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from edge.errors import DatasetError, ImageError, UnavailableError, UsageError
from edge.sources import files
from support.class_folders import Open, relatives, write
from support.messages import Messages
from support.pictures import noise_picture
from trainer.bottlenecks.cache import file_key
from trainer.photos.photo_files import Skipped
from trainer.progress import SILENT
from trainer.teach.folders import list_photos
from trainer.teach.folders import rescan as rescan_module
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.folders.list_photos import find_files, hash_files
from trainer.teach.folders.photo_table import KnownFile
from trainer.teach.folders.places import Location, Places
from trainer.teach.state import CLASS, TRASH


def test_a_split_is_refused(root: Path, opened: Open) -> None:
    """Folders train/ and test/ with class folders in them cannot be a session's, and no trace of a session is left."""
    write(root, train__rose__1=1, train__tulip__2=2, test__rose__3=3, test__tulip__4=4)
    with pytest.raises(DatasetError, match="its folders are a split, such as train/ and test/; give a folder of class"):
        opened()
    assert sorted(path.name for path in root.iterdir()) == ["test", "train"]


def test_a_folder_around_all_classes_is_refused_at_first(root: Path, opened: Open) -> None:
    """A folder around the class folders is named; in a session a class with folders in it may be the only one."""
    write(root, flowers__rose__1=1, flowers__tulip__2=2, birds__3=3)
    folders = opened()
    folders.delete_class("birds")
    folders.close()
    assert opened().classes == ("flowers",)
    shutil.rmtree(root / ".teach")
    with pytest.raises(DatasetError, match="photos: the class folders are in flowers/; give that folder"):
        opened()


def test_a_folder_that_cannot_be_a_label_is_refused(root: Path, opened: Open) -> None:
    """A class folder whose name has two lines is named, as ``trainer retrain`` does; later it is skipped."""
    write(root, rose__1=1)
    folders = opened()
    write(root, **{"a\nb__2": 2})
    assert folders.rescan()
    assert folders.skipped == [Skipped("a\nb", "the class 'a\\nb' cannot be a label; rename it to one line of UTF-8")]
    assert (folders.classes, relatives(folders)) == (("rose",), ["rose/1.jpg"])
    folders.close()
    with pytest.raises(DatasetError, match=r"the class 'a.*nb' cannot be a label; rename it to one line of UTF-8"):
        opened()


def test_only_one_session_uses_a_folder(root: Path, opened: Open) -> None:
    """A second session of the same folder is refused, with the process of the first, until that is closed."""
    first = opened()
    with pytest.raises(UnavailableError, match=f"another session uses this folder .process {os.getpid()}.; end it"):
        opened()
    first.close()
    assert opened().classes == ()


@pytest.mark.parametrize("inbox", [".", "..", "rose", "captured/new"])
def test_an_inbox_among_the_classes_is_refused(root: Path, opened: Open, inbox: str) -> None:
    """The inbox is no class folder and does not hold them; a hidden folder is possible."""
    with pytest.raises(UsageError, match="the folder of captured frames cannot be one with classes; give another one"):
        opened(root / inbox)
    assert opened(root / ".captured").classes == ()


def test_known_files_are_not_read_again(root: Path, opened: Open) -> None:
    """A file whose size and time are known has the known hash; another time, and it is read."""
    write(root, rose__1=1, rose__2=2)
    one, two = (root / "rose" / name for name in ("1.jpg", "2.jpg"))
    known = {}
    for path, late in ((one, 0), (two, 1)):
        status = path.stat()
        known[file_key(path)] = (status.st_size, status.st_mtime_ns + late, b"\x01" * 32)
    folders = opened(known_files=known)
    assert {photo.relative: photo.id == "01" * 16 for photo in folders.of(CLASS)} == {
        "rose/1.jpg": True,
        "rose/2.jpg": False,
    }


def test_twins_in_case_are_named(root: Path) -> None:
    """Classes that differ in case alone are possible on the disk; a message asks whether they are one."""
    write(root, rose__1=1, Rose__2=2, tulip__3=3)
    if len(os.listdir(root)) < 3:
        pytest.skip("this file system takes both as one")
    messages = Messages()
    ClassFolders(root, progress=messages).close()
    assert messages.lines == [
        f"{root}: the classes 'Rose' and 'rose' differ in case or blanks alone; are they one class?"
    ]


def test_a_damaged_journal_is_said(root: Path) -> None:
    """Photos stay as they are if the journal cannot be read; a message says that earlier actions cannot be undone."""
    folders = ClassFolders(root)
    folders.add_class("rose")
    folders.add(noise_picture(1), "rose")
    folders.close()
    (root / ".teach" / "journal.jsonl").write_bytes(b"nonsense\n")
    (root / ".teach" / "classes.json").write_bytes(b"[")
    messages = Messages()
    folders = ClassFolders(root, progress=messages)
    assert messages.lines == [f"{root}: the journal of the session is damaged; earlier actions cannot be undone"]
    assert (folders.undoable, folders.classes, len(folders.photos)) == (None, ("rose",), 1)
    folders.close()


def test_a_file_that_an_action_moves_while_it_is_read_is_not_skipped(tmp_path: Path) -> None:
    """A scan that has found a file which is gone when it is read says nothing about it."""
    path = tmp_path / "photos" / "rose" / "1.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(noise_picture(1))
    places = Places(tmp_path / "photos", tmp_path / "inbox")
    found = find_files(places, trash=False).files
    path.unlink()
    assert hash_files(places, found, {}, {}, SILENT) == ({}, {})


def test_a_file_that_was_away_while_it_was_to_be_read_is_not_skipped(
    root: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that could not read a file, which an action had moved away and has moved back, says nothing about it."""
    folders = opened()
    folders.add_class("rose")
    write(root, rose__1=1)
    read_photo = list_photos.read_photo

    def away(path: Path) -> tuple[bytes, os.stat_result]:
        monkeypatch.setattr(list_photos, "read_photo", read_photo)
        assert folders.rescan()  # the session knows the file from here on, as it knows one that an action has moved
        raise ImageError("cannot be read: No such file or directory")

    monkeypatch.setattr(list_photos, "read_photo", away)
    assert not folders.rescan()
    assert (len(folders.photos), folders.skipped) == (1, [])
    (root / "rose" / "2.jpg").write_bytes(b"")
    assert folders.rescan()
    assert folders.skipped == [Skipped("rose/2.jpg", "an empty file")]


def test_a_file_that_came_back_for_a_moment_is_not_skipped(
    root: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is away when it is read, back when the scan asks whether it is there, and away at its end is gone."""
    folders = opened()
    folders.add_class("rose")
    write(root, rose__1=1)

    def back_for_a_moment(*arguments: object) -> tuple[dict[Location, KnownFile], dict[Location, str]]:
        monkeypatch.setattr(rescan_module, "hash_files", hash_files)
        assert folders.rescan()
        assert folders.delete(list(folders.photos)) is not None
        return {}, {Location(CLASS, "rose/1.jpg"): "cannot be read: No such file or directory"}

    monkeypatch.setattr(rescan_module, "hash_files", back_for_a_moment)
    folders.rescan()
    assert ([photo.place for photo in folders.photos.values()], folders.skipped) == ([TRASH], [])


def test_a_file_that_is_moved_while_its_folder_is_listed_is_not_skipped(
    root: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the list of the folder, and away when the scan asks what it is; a broken link is named all the same."""
    folders = opened()
    folders.add_class("rose")
    write(root, rose__1=1)
    assert folders.rescan()
    (root / "rose" / "link.jpg").symlink_to("nowhere")
    modes = files._modes

    def moved_meanwhile(folder: Path, entries: list[os.DirEntry[str]]) -> list[int | OSError]:
        if folder.name == "rose":
            monkeypatch.setattr(files, "_modes", modes)
            assert folders.delete(list(folders.photos)) is not None
        return modes(folder, entries)

    monkeypatch.setattr(files, "_modes", moved_meanwhile)
    folders.rescan()
    assert [photo.place for photo in folders.photos.values()] == [TRASH]
    assert folders.skipped == [Skipped("rose/link.jpg", "cannot be read: No such file or directory")]
