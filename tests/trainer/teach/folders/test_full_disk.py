"""A full disk, and a trash with a limit: the oldest deleted photos make room; nothing else is lost."""

from __future__ import annotations

import errno
import os
import pathlib
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.errors import StorageError
from support.mounts import in_own_mounts
from support.paths import PACKAGES, TESTS, python_path
from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, TRASH, Hold

# Run on a disk of 600 KB. It prints what it found after each step.
SMALL_DISK = """
import os
from pathlib import Path
from edge.errors import StorageError
from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, TRASH, Hold

def record(folders, numbers):
    "Record until the disk is full; the photos that were added."
    added = []
    for number in numbers:
        try:
            added.append(folders.add(noise_picture(number, side=100), "rose", hold=Hold("a", 1.7e9)).photo.id)
        except StorageError as error:
            return added, str(error)

def check(folders, ids):
    "Each of ``ids`` is a photo of the class, with its bytes on the disk, now and for the next session."
    for _ in range(2):
        assert {photo.id for photo in folders.of(CLASS)} == set(ids)
        assert all(photo.path.stat().st_size == photo.size_bytes for photo in folders.photos.values())
        folders.close()
        folders = ClassFolders(Path("disk/photos"))
    return folders

folders = ClassFolders(Path("disk/photos"))
folders.add_class("rose")
first, message = record(folders, range(1000))
print(len(first) > 10, message)
folders = check(folders, first)
folders.delete(first[:5])
folders.delete(first[5:6])
folders = check(folders, first[6:])
print("in the trash:", len(folders.of(TRASH)))
second, message = record(folders, range(1000, 2000))
print(len(second) >= 5, message)
print("in the trash:", len(folders.of(TRASH)))
folders = check(folders, first[6:] + second)
print(folders.assign(first[6:7], "rose"), folders.undoable.text.partition(" ")[2])
"""


def test_recording_on_a_full_disk(tmp_path: Path) -> None:
    """Recording ends with a line; deleted photos make room for new ones; the next session has all photos."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "session.py").write_text(SMALL_DISK)
    run = f"PYTHONPATH={shlex.quote(python_path(PACKAGES, TESTS))} {shlex.quote(sys.executable)} session.py"
    script = f"mount -t tmpfs -o size=600k none disk && {run}"
    done = in_own_mounts(script, tmp_path)
    full = "disk/photos: the disk is full; remove files from it; no photo is lost"
    assert (done.stdout.splitlines(), done.stderr) == (
        [
            f"True {full}",
            "in the trash: 6",
            f"True {full}",
            "in the trash: 0",
            "None photos recorded for rose",
        ],
        "",
    )


@pytest.fixture
def folders(tmp_path: Path) -> ClassFolders:
    """A session with the class rose; ten photos of it are in its folder."""
    session = ClassFolders(tmp_path / "photos", trash_limit_bytes=3 * len(noise_picture(0, "BMP")))
    session.add_class("rose")
    for number in range(10):
        session.add(noise_picture(number, "BMP"), "rose", name=f"{number}.bmp")
    return session


def numbers(folders: ClassFolders, place: str) -> list[int]:
    """The numbers of the photos of ``place``."""
    return sorted(int(photo.path.stem[-1]) for photo in folders.of(place))


def test_the_trash_has_a_limit(folders: ClassFolders) -> None:
    """The photos deleted first are removed for good if there are more than the limit; undo skips them."""
    ids = {int(photo.path.stem[-1]): photo.id for photo in folders.of(CLASS)}
    for number in (7, 2, 5, 1, 8):
        folders.delete([ids[number]])
    assert numbers(folders, TRASH) == [1, 5, 8]
    while folders.undoable and "deleted" in folders.undoable.text:
        folders.undo(folders.undoable.id)
    assert numbers(folders, TRASH) == []
    assert numbers(folders, CLASS) == [0, 1, 3, 4, 5, 6, 8, 9]
    folders.close()


def test_the_last_action_can_be_undone_whatever_it_deleted(folders: ClassFolders) -> None:
    """A deleted class that is larger than the limit stays whole until something else is deleted."""
    folders.add_class("tulip")
    one = folders.of(CLASS)[0]
    folders.assign([one.id], "tulip")
    folders.delete_class("rose")
    action = folders.undoable
    assert action and len(folders.of(TRASH)) == 9
    folders.undo(action.id)
    assert len(folders.of(CLASS, "rose")) == 9
    folders.redo(action.id)
    assert len(folders.of(TRASH)) == 9
    folders.delete([one.id])
    assert len(folders.of(TRASH)) == 3
    assert one.id in {photo.id for photo in folders.of(TRASH)}
    folders.close()
    again = ClassFolders(folders.root)
    for _ in range(2):
        assert again.undoable and again.undo(again.undoable.id)
    assert (again.classes, len(again.of(CLASS, "rose")), len(again.of(CLASS, "tulip"))) == (("rose", "tulip"), 2, 1)
    again.close()


def test_an_empty_trash_ends_what_can_be_undone(folders: ClassFolders) -> None:
    """After the trash is emptied its photos are gone, and no action can be undone; the numbers of actions go on."""
    folders.delete([folders.of(CLASS)[0].id])
    last = folders.undoable
    folders.empty_trash()
    assert (folders.of(TRASH), folders.undoable, folders.redoable) == ([], None, None)
    assert not list((folders.root / ".teach" / "trash").iterdir())
    folders.close()
    again = ClassFolders(folders.root)
    again.add_class("tulip")
    assert last and again.undoable and again.undoable.id == last.id + 1
    again.close()


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "mkdir"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_call_that_fails_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    """If one call to the disk fails, at any moment of any action, each photo is where the session says."""
    folders = ClassFolders(tmp_path / "photos")
    folders.add_class("rose")
    for number in range(10):
        folders.add(noise_picture(number, "BMP"), "rose", name=f"{number}.bmp")
    real = getattr(os, call)
    ids = [photo.id for photo in folders.of(CLASS)]
    acts = [
        lambda n: folders.add(noise_picture(100 + n, "BMP"), "rose", hold=Hold("hold", 1.7e9)),
        lambda n: folders.add_class(f"class {n}"),
        lambda n: folders.delete([photo.id for photo in folders.of(CLASS, "rose")[:2]]),
        lambda n: folders.assign([photo.id for photo in folders.of(CLASS, "rose")[:3]], folders.classes[-1]),
        lambda n: folders.merge_class(folders.classes[-1], "rose"),
        lambda n: folders.undoable and folders.undo(folders.undoable.id),
    ]
    failures = 0
    for number, act in enumerate(acts):
        for moment in range(6):
            left = moment

            def fail(*arguments: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left == -1:
                    raise OSError(error, os.strerror(error))
                return real(*arguments, **options)

            with monkeypatch.context() as patched:
                patched.setattr(os, call, fail)
                # Python 3.10's paths have kept the functions of os that they call.
                patched.setattr(getattr(pathlib, "_normal_accessor", os), call, fail, raising=False)
                try:
                    act(10 * number + moment)
                except StorageError as raised:
                    assert len(str(raised).splitlines()) == 1
                    failures += 1
            known = {id_: photo.path for id_, photo in folders.photos.items()}
            kept = set(ids) if error == errno.EIO else {photo.id for photo in folders.of(CLASS)}
            assert kept <= set(known)
            assert all(path.is_file() for path in known.values())
            files = {path for path in folders.root.rglob("*.[bj][mp][pg]") if not path.name.startswith(".")}
            assert files == set(known.values())
    assert failures >= 4
    places = {id_: (photo.place, photo.label) for id_, photo in folders.photos.items()}
    folders.close()
    again = ClassFolders(folders.root)
    assert {id_: (photo.place, photo.label) for id_, photo in again.photos.items()} == places
    again.close()
