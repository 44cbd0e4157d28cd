"""Many threads in one session."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import Hold


def test_threads_lose_no_photo(tmp_path: Path) -> None:
    """Recording, assigning, deleting, undoing and scanning on six threads: each photo is in one place at the end."""
    folders = ClassFolders(tmp_path / "photos")
    labels = ("rose", "tulip", "lily")
    for label in labels:
        folders.add_class(label)

    def work(thread: int) -> set[str]:
        chance, added = random.Random(thread), set()
        for number in range(25):
            hold = Hold(f"{thread}", 1.7e9 + thread)
            added.add(folders.add(noise_picture(1000 * thread + number), labels[thread % 3], hold=hold).photo.id)
            known = sorted(folders.photos)
            chosen = chance.sample(known, k=min(3, len(known)))
            action = (folders.undoable, folders.redoable)[number % 2]
            if action is not None and action.text.startswith("class"):  # the classes stay
                action = None
            chance.choice(
                [
                    lambda: folders.assign(chosen, chance.choice(labels)),  # noqa: B023
                    lambda: folders.delete(chosen),  # noqa: B023
                    lambda: action and folders.undo(action.id),  # noqa: B023
                    lambda: action and folders.redo(action.id),  # noqa: B023
                    folders.rescan,
                ]
            )()
        return added

    with ThreadPoolExecutor(6) as pool:
        added = set().union(*pool.map(work, range(6)))
    assert set(folders.photos) == added
    assert len(added) == 150
    assert folders.skipped == []
    assert sorted(path.read_bytes() for path in folders.root.rglob("*.jpg")) == sorted(
        noise_picture(1000 * thread + number) for thread in range(6) for number in range(25)
    )
    before = {id_: photo.path for id_, photo in folders.photos.items()}
    folders.close()
    again = ClassFolders(folders.root)
    assert {id_: photo.path for id_, photo in again.photos.items()} == before
    again.close()
