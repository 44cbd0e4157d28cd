"""The photos of a session: class folders, an inbox and a trash on the disk, and actions on them that can be undone."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from trainer.photos.photo_files import Skipped
from trainer.progress import SILENT, Progress
from trainer.report.number_format import counted
from trainer.teach.folders.actions import Actions, storage_errors
from trainer.teach.folders.list_photos import check_layout, find_files
from trainer.teach.folders.photo_names import HoldNames, check_picture, uploaded_name
from trainer.teach.folders.places import SESSION_FOLDER, Location, Places
from trainer.teach.folders.plans import Plan, Plans, shown
from trainer.teach.folders.rescan import rescan
from trainer.teach.folders.session_lock import SessionLock
from trainer.teach.state import CLASS, ID_DIGITS, Action, Hold, TaughtPhoto

ADDED, PRESENT, ELSEWHERE = "added", "present", "elsewhere"
"""What :meth:`ClassFolders.add` did: it added the photo, or the class or another class had it and nothing changed."""

TRASH_LIMIT_BYTES = 1_000_000_000
"""How much the deleted photos may take; those of the last action stay even if they take more."""


class Added(NamedTuple):
    """A photo that was to be added, and what became of that: ``added``, ``present`` or ``elsewhere``."""

    photo: TaughtPhoto
    outcome: str


class ClassFolders:
    """The photos and classes of a session. Any thread may call the methods.

    A change is written to a journal before it is made, so that a stop at any moment loses no photo; the next session
    finishes it. Only one session can use a folder. The actions raise :class:`~edge.errors.UsageError` for a class or a
    photo that is not there, and :class:`~edge.errors.StorageError` if the disk is full or broken; no photo is lost
    then. They return None if there was nothing to do.
    """

    def __init__(
        self,
        root: Path,
        inbox: Path | None = None,
        *,
        known_files: Mapping[bytes, tuple[int, int, bytes]] | None = None,
        trash_limit_bytes: int = TRASH_LIMIT_BYTES,
        progress: Progress = SILENT,
    ) -> None:
        """Open the session of the folder ``root``, which is made if it is missing, and list its photos.

        ``inbox`` is a folder of captured frames (default: inside ``root``). ``known_files`` are the hashes of files by
        path, as :meth:`~trainer.bottlenecks.cache.BottleneckCache.known_files` gives them: files that are not in it, or
        have changed, are read.

        Raises :class:`~edge.errors.UnavailableError` if another session uses ``root``,
        :class:`~edge.errors.DatasetError` if ``root`` is not a folder of class folders,
        :class:`~edge.errors.UsageError` if the inbox is a class folder or holds ``root``, and
        :class:`~edge.errors.StorageError`.
        """
        self.root = root
        self._places = Places(root, root / SESSION_FOLDER / "inbox" if inbox is None else inbox)
        self._places.check()
        if root.is_dir():
            found = find_files(self._places, trash=False)
            if found.not_labels:
                raise DatasetError(f"{root}: {found.not_labels[0]}")
            check_layout(root, found.files, new=not self._places.session.is_dir())
        self._change = threading.RLock()
        self._holds = HoldNames()
        with storage_errors(self._places):
            self._places.session.mkdir(parents=True, exist_ok=True)
            self._session_lock = SessionLock(self._places.session / "lock")
            try:
                self._actions = Actions(self._places, trash_limit_bytes, known_files or {}, progress)
            except BaseException:
                self._session_lock.release()
                raise
        self._table, self._plans = self._actions.table, Plans(self._actions)

    def close(self) -> None:
        """Give the folder back; the second time nothing happens."""
        with self._change:
            self._actions.journal.close()
            self._session_lock.release()

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order in which they were made; those that were found on the disk are sorted."""
        with self._change:
            return self._actions.classes.labels

    @property
    def photos(self) -> Mapping[str, TaughtPhoto]:
        """The photos of now by id, of all three places; a later change does not change what was returned."""
        with self._change:
            return self._table.photos

    @property
    def skipped(self) -> list[Skipped]:
        """The files of the class folders and of the inbox that are not photos of the session, and why."""
        with self._change:
            return sorted({*self._actions.unread, *self._table.skipped()})

    @property
    def undoable(self) -> Action | None:
        """The action that :meth:`undo` would undo."""
        with self._change:
            done = self._actions.journal.done
            return done[-1].action if done else None

    @property
    def redoable(self) -> Action | None:
        """The action that :meth:`redo` would do again."""
        with self._change:
            undone = self._actions.journal.undone
            return undone[-1].action if undone else None

    def of(self, place: str, label: str | None = None) -> list[TaughtPhoto]:
        """The photos of ``place``, and of the class ``label`` if it is given, the oldest first."""
        with self._change:
            return self._table.of(place, label)

    def rescan(self) -> bool:
        """Find what other programs changed in the class folders and in the inbox; whether there was something."""
        return rescan(self._actions, self._change)

    def add(self, content: bytes, label: str, *, hold: Hold | None = None, name: str | None = None) -> Added:
        """Add a picture, the bytes of a file, to the class ``label``; they stay as they are.

        ``hold`` is given for a frame that was recorded, as a JPEG; the frames of a hold are one action. ``name`` is the
        name that an uploaded file had. A photo that is in the inbox or in the trash is moved to the class.

        Raises :class:`~edge.errors.ImageError` if it cannot be decoded within the limits of :mod:`edge.pictures.limits`
        (a recorded frame is not decoded again).
        """
        form = "JPEG" if hold else check_picture(content)
        sha256 = hashlib.sha256(content).digest()
        id_ = sha256.hex()[:ID_DIGITS]
        with self._changing():
            folder = self._plans.folder(label)
            self._table.check(id_)
            photo, found = self._table.photos.get(id_), self._table.locations(id_)
            if photo is None and found:  # the same bytes are in two classes
                return Added(self._table.photo_at(found[0]), ELSEWHERE)
            if photo is not None and photo.place == CLASS:
                return Added(photo, PRESENT if photo.label == label else ELSEWHERE)
            if photo is not None:
                self.assign([id_], label)
            else:
                new = self._holds.next(hold, self._table.holds) if hold else uploaded_name(name, form)
                what = f"{'recorded for' if hold else 'added to'} {shown(label)}"
                target = Location(CLASS, f"{folder}/{new}")
                self._actions.add(
                    content,
                    sha256,
                    target,
                    lambda count: f"{counted(count, 'photo')} {what}",
                    hold.id if hold else None,
                )
            return Added(self._table.photos[id_], ADDED)

    def add_class(self, name: str) -> str:
        """Add the class ``name`` if it is not there; returns its name as it is kept.

        Raises :class:`~edge.errors.UsageError` for a name that a class cannot have.
        """
        with self._changing():
            kept, plan = self._plans.add_class(name)
            self._do(plan)
            return kept

    def rename_class(self, old: str, new: str) -> Action | None:
        """Give the class ``old`` the name ``new``.

        Raises :class:`~edge.errors.UsageError` also for a name that a class cannot have or that another class has.
        """
        with self._changing():
            return self._do(self._plans.rename_class(old, new))

    def merge_class(self, source: str, into: str) -> Action | None:
        """Move all photos of the class ``source`` into the class ``into``, and remove ``source``."""
        with self._changing():
            return self._do(self._plans.merge_class(source, into))

    def delete_class(self, name: str) -> Action | None:
        """Remove the class ``name``; its photos go to the trash."""
        with self._changing():
            return self._do(self._plans.delete_class(name))

    def assign(self, ids: Sequence[str], label: str) -> Action | None:
        """Move photos, given by id, into the class ``label``."""
        with self._changing():
            return self._do(self._plans.assign(ids, label))

    def delete(self, ids: Sequence[str]) -> Action | None:
        """Move photos, given by id, to the trash."""
        with self._changing():
            return self._do(self._plans.delete(ids))

    def undo(self, action_id: int) -> Action | None:
        """Undo the action ``action_id`` if it is :attr:`undoable`; otherwise nothing changes."""
        with self._changing():
            action = self.undoable
            return self._actions.undo() if action is not None and action.id == action_id else None

    def redo(self, action_id: int) -> Action | None:
        """Do the action ``action_id`` again if it is :attr:`redoable`; otherwise nothing changes."""
        with self._changing():
            action = self.redoable
            return self._actions.redo() if action is not None and action.id == action_id else None

    def empty_trash(self) -> None:
        """Remove the deleted photos for good; no earlier action can be undone after that."""
        with self._changing():
            self._actions.empty_trash()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._change, storage_errors(self._places):
            yield

    def _do(self, plan: Plan | None) -> Action | None:
        return None if plan is None else self._actions.do(*plan)
