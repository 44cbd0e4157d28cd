"""Sessions that are killed in the middle of what they do: no photo is lost, and none is in two classes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import PACKAGES, TESTS, python_path
from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, INBOX, TRASH


def test_a_kill_at_a_change_of_the_disk_loses_no_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a kill at every fourth change of the disk the next session has each photo once, and can undo everything."""
    check_kills(tmp_path, tmp_path / "inboxes", 1, monkeypatch)


def test_a_kill_with_an_inbox_on_another_file_system_loses_no_photo(
    tmp_path: Path, other_file_system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, at other changes, if the photos of the inbox are copied from another file system."""
    check_kills(tmp_path, other_file_system, 3, monkeypatch)


def photos_on_disk(*folders: Path) -> dict[str, list[Path]]:
    """All files of photos in ``folders``, by id; what a session writes for itself is skipped."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.name not in ("lock", "journal.jsonl", "classes.json"):
                found.setdefault(hashlib.sha256(path.read_bytes()).hexdigest()[:32], []).append(path)
    return found


def check_kills(tmp_path: Path, inboxes: Path, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill sessions at their change ``first`` and at every fourth one after it, and check what the next one finds."""
    template = tmp_path / "template"
    originals = {f"{label}/{n}.jpg": noise_picture(hash_of(label) + n) for label in ("rose", "tulip") for n in range(5)}
    captured = {f"rose/{n}.jpg": noise_picture(500 + n) for n in range(3)}
    for folder, files in (("photos", originals), ("inbox", captured)):
        for name, content in files.items():
            (template / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (template / folder / name).write_bytes(content)
    start = set(photos_on_disk(template))
    command = [sys.executable, "-m", "support.killed_session", template, tmp_path / "killed", inboxes, str(first), "4"]
    environment = {**os.environ, "PYTHONPATH": python_path(PACKAGES, TESTS), "OPENBLAS_NUM_THREADS": "1"}  # it forks
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stderr == ""
    moments = done.stdout.split()
    assert len(moments) > 50
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # nothing is killed from here on, and it takes time
    for number in moments:
        place, inbox = tmp_path / "killed" / number, inboxes / number
        ended = (place / "acts").read_text().splitlines()
        added = {line.split()[1] for line in ended if line.startswith("add ")}
        folders = ClassFolders(place / "photos", inbox)
        held = photos_on_disk(place / "photos", inbox)
        assert start | added <= set(held), f"a photo is lost after {ended}"
        assert len(held) <= len(start | added) + 1  # one more may be written, and not known to be
        assert all(len(paths) == 1 for paths in held.values()), f"a photo has two files after {ended}"
        assert {id_: photo.path for id_, photo in folders.photos.items()} == {i: p for i, (p,) in held.items()}
        assert folders.skipped == []
        before = dict(folders.photos)
        undone = 0
        while folders.undoable is not None:
            assert folders.undo(folders.undoable.id)
            undone += 1
        now = {photo.relative: photo.path.read_bytes() for photo in folders.of(CLASS)}
        assert now == originals
        assert {photo.relative: photo.path.read_bytes() for photo in folders.of(INBOX)} == captured
        assert {photo.id for photo in folders.of(TRASH)} == set(held) - start
        for _ in range(undone):
            assert folders.redoable and folders.redo(folders.redoable.id)
        again = {id_: (photo.place, photo.label) for id_, photo in folders.photos.items()}
        assert again == {id_: (photo.place, photo.label) for id_, photo in before.items()}
        folders.close()


def hash_of(label: str) -> int:
    """Another number for each label."""
    return 10 * len(label)
