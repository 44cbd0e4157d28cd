"""A session against a simple model: after any actions and restarts, each photo is where the model says."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, INBOX, TRASH, Hold

NAMES = ("rose", "tulip", "Tulip", "daisy", "Gänseblümchen")
PHOTOS = st.integers(0, 11)
NAME = st.sampled_from(NAMES)

State = tuple[dict[str, tuple[str, str]], tuple[str, ...]]
"""Where each photo is, by id: its place and its class; and the classes in their order."""


def twin(name: str, classes: tuple[str, ...]) -> bool:
    """Whether one of ``classes`` differs from ``name`` in upper and lower case alone."""
    return any(other != name and other.casefold() == name.casefold() for other in classes)


class SessionModel(RuleBasedStateMachine):
    """The model: where each photo is, the classes, and the states before and after each action that can be undone."""

    def __init__(self) -> None:
        """Start with a class of three photos on the disk, and two captured frames."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="session-"))
        self.root, self.inbox = self.folder / "photos", self.folder / "inbox"
        self.places: dict[str, tuple[str, str]] = {}
        files = [self.root / "rose" / name for name in ("photo.jpg", "2/photo.jpg", "3.jpg")]
        files += [self.inbox / "rose" / name for name in ("photo.jpg", "4.jpg")]
        for number, path in enumerate(files):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(noise_picture(100 + number))
        self.folders = ClassFolders(self.root, self.inbox)
        for photo in self.folders.photos.values():
            self.places[photo.id] = (photo.place, photo.label)
        assert sorted(self.places.values()) == [(CLASS, "rose")] * 3 + [(INBOX, "rose")] * 2
        self.classes: tuple[str, ...] = ("rose",)
        self.done: list[tuple[int, State]] = []  # the numbers of actions, and the states before them
        self.undone: list[tuple[int, State]] = []  # and the states after them
        self.hold: str | None = None

    def teardown(self) -> None:
        """Close and remove the folder."""
        self.folders.close()
        shutil.rmtree(self.folder)

    def state(self) -> State:
        """The state of the model."""
        return dict(self.places), self.classes

    def did(self, before: State, hold: str | None = None) -> None:
        """An action was done; frames of the hold of the last one belong to it."""
        if self.state() != before:
            action = self.folders.undoable
            assert action is not None
            if hold is None or self.hold != hold:
                self.done.append((action.id, before))
            self.undone.clear()
            self.hold = hold
        assert (self.folders.undoable and self.folders.undoable.id) == (self.done[-1][0] if self.done else None)

    @rule(number=PHOTOS, name=NAME, hold=st.sampled_from([None, "one", "two"]))
    def add(self, number: int, name: str, hold: str | None) -> None:
        """Add a photo; it may be there already, in any place."""
        if name not in self.classes:
            return
        before = self.state()
        held = None if hold is None else Hold(f"{hold} {name}", 1.7e9)
        photo, result = self.folders.add(noise_picture(number), name, hold=held, name="new.jpg")
        place, label = self.places.get(photo.id, ("", ""))
        assert result == ("added" if place != CLASS else "present" if label == name else "elsewhere")
        if result == "added":
            self.places[photo.id] = (CLASS, name)
            self.did(before, held.id if held and not place else None)

    @rule(name=NAME)
    def add_class(self, name: str) -> None:
        """Add a class; again, nothing changes."""
        before = self.state()
        if not twin(name, self.classes):
            assert self.folders.add_class(name) == name
            self.classes = tuple(dict.fromkeys((*self.classes, name)))
            self.did(before)

    @rule(old=NAME, new=NAME)
    def rename(self, old: str, new: str) -> None:
        """Rename a class, also to other upper and lower case."""
        before = self.state()
        others = tuple(label for label in self.classes if label != old)
        if old in self.classes and new not in self.classes and not twin(new, others):
            self.folders.rename_class(old, new)
            self.relabel(old, new)
            self.classes = tuple(new if label == old else label for label in self.classes)
            self.did(before)

    @rule(source=NAME, into=NAME)
    def merge(self, source: str, into: str) -> None:
        """Merge two classes."""
        before = self.state()
        if source in self.classes and into in self.classes and source != into:
            self.folders.merge_class(source, into)
            self.relabel(source, into)
            self.classes = tuple(label for label in self.classes if label != source)
            self.did(before)

    @rule(name=NAME)
    def delete_class(self, name: str) -> None:
        """Delete a class."""
        before = self.state()
        if name in self.classes:
            self.folders.delete_class(name)
            for id_, where in self.places.items():
                if where == (CLASS, name):
                    self.places[id_] = (TRASH, name)
            self.classes = tuple(label for label in self.classes if label != name)
            self.did(before)

    @rule(chosen=st.sets(st.integers(0, 16), max_size=5), name=NAME)
    def assign(self, chosen: set[int], name: str) -> None:
        """Move some photos from all places to a class."""
        before = self.state()
        if name in self.classes:
            ids = [id_ for index, id_ in enumerate(sorted(self.places)) if index in chosen]
            self.folders.assign(ids, name)
            self.places.update(dict.fromkeys(ids, (CLASS, name)))
            self.did(before)

    @rule(chosen=st.sets(st.integers(0, 16), max_size=5))
    def delete(self, chosen: set[int]) -> None:
        """Delete some photos."""
        before = self.state()
        ids = [id_ for index, id_ in enumerate(sorted(self.places)) if index in chosen]
        self.folders.delete(ids)
        self.places.update({id_: (TRASH, self.places[id_][1]) for id_ in ids})
        self.did(before)

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        """Undo the last action; photos that it added go to the trash."""
        number, (places, classes) = self.done.pop()
        self.undone.append((number, self.state()))
        assert self.folders.undo(number)
        added = {id_: (TRASH, where[1]) for id_, where in self.places.items() if id_ not in places}
        self.places, self.classes, self.hold = {**places, **added}, classes, None

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        """Do the action again that was undone last."""
        number, (places, classes) = self.undone.pop()
        self.done.append((number, self.state()))
        assert self.folders.redo(number)
        self.places, self.classes, self.hold = dict(places), classes, None

    @rule()
    def restart(self) -> None:
        """Close the session and open it again."""
        self.folders.close()
        self.folders = ClassFolders(self.root, self.inbox)

    @rule()
    def rescan(self) -> None:
        """Look for changes of other programs: there are none."""
        assert not self.folders.rescan()

    @precondition(lambda self: self.undone == [])
    @rule()
    def empty_trash(self) -> None:
        """Remove the deleted photos for good."""
        self.folders.empty_trash()
        self.places = {id_: where for id_, where in self.places.items() if where[0] != TRASH}
        self.done, self.undone, self.hold = [], [], None

    @invariant()
    def agrees(self) -> None:
        """Photos, classes and what can be undone are as in the model, and each photo has one file."""
        found = self.folders.photos
        assert {id_: (photo.place, photo.label) for id_, photo in found.items()} == self.places
        assert self.folders.classes == self.classes
        assert self.folders.skipped == []
        assert all(photo.path.is_file() for photo in found.values())
        files = [path for folder in (self.root, self.inbox) for path in folder.rglob("*.jpg")]
        assert len(files) == len(found)
        assert (self.folders.undoable and self.folders.undoable.id) == (self.done[-1][0] if self.done else None)
        assert (self.folders.redoable and self.folders.redoable.id) == (self.undone[-1][0] if self.undone else None)

    def relabel(self, old: str, new: str) -> None:
        """The photos of the class ``old`` are in the class ``new``."""
        for id_, where in self.places.items():
            if where == (CLASS, old):
                self.places[id_] = (CLASS, new)


TestSessionModel = SessionModel.TestCase
TestSessionModel.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
