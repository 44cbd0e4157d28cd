"""Actions on a session's photos: written to the journal, then made; undone, and done again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from errno import EDQUOT, ENOSPC
from typing import TypeVar

from edge.errors import StorageError
from trainer.photos.layout_messages import alike_messages
from trainer.photos.photo_files import Skipped
from trainer.progress import Progress
from trainer.teach.folders.class_list import ClassList
from trainer.teach.folders.journal import Entry, Journal, Move
from trainer.teach.folders.list_photos import find_files, hash_files
from trainer.teach.folders.move_files import remove_leftovers, write_new
from trainer.teach.folders.mover import Mover
from trainer.teach.folders.photo_table import KnownFile, PhotoTable
from trainer.teach.folders.places import Location, Places
from trainer.teach.folders.trash import Trash, number_of
from trainer.teach.state import TRASH, Action

_FULL = (ENOSPC, EDQUOT)
_ROOM_BYTES = 1 << 20  # that is made at least if the disk is full

Result = TypeVar("Result")


class Actions:
    """The photos, classes and actions of a session, whose lock the caller holds. One thread at a time may use it.

    If the disk is full, deleted photos are removed for good, the oldest first, before an :class:`OSError` is raised.
    """

    def __init__(
        self,
        places: Places,
        trash_limit_bytes: int,
        known_files: Mapping[bytes, tuple[int, int, bytes]],
        progress: Progress,
    ) -> None:
        """List the files of ``places``, and finish what a stopped session had begun. Raises OSError."""
        self.places, self.table = places, PhotoTable(places)
        self.classes = ClassList(places.session / "classes.json")
        self.trash = Trash(places, self.table)
        self._mover = Mover(places, self.table, self.classes)
        self._trash_limit_bytes = trash_limit_bytes
        remove_leftovers(places.trash)
        found = find_files(places, trash=True)
        hashed, unread = hash_files(places, found.files, {}, known_files, progress)
        reasons = {**found.unread, **unread}
        self.unread = found.skipped + [Skipped(location.relative, reason) for location, reason in reasons.items()]
        for location, file in hashed.items():
            self.table.put(location, file)
        self.classes.set_folders(found.class_folders)
        for message in alike_messages(self.classes.labels):
            progress.message(f"{places.root}: {message}")
        self.journal = Journal(places.session / "journal.jsonl")
        if self.journal.damaged:
            progress.message(f"{places.root}: the journal of the session is damaged; earlier actions cannot be undone")
        self.journal.next_id = max(self.journal.next_id, self.trash.last_number() + 1)
        self._finish()
        self.classes.save()

    def do(self, text: str, moves: Iterable[Move], classes: Iterable[str] | None = None) -> Action:
        """Do an action: ``moves``, after which the classes are ``classes`` in this order (None: as before)."""
        order = None if classes is None else (self.classes.labels, tuple(classes))
        entry = Entry(self.journal.next_id, text, tuple(moves), order)
        self._with_room(lambda: self.journal.do(entry), keep=_numbers(entry.moves))
        self._finish()
        return entry.action

    def add(
        self, content: bytes, sha256: bytes, target: Location, describe: Callable[[int], str], hold: str | None
    ) -> None:
        """Add the photo ``content`` at ``target``; it is part of the last action if that recorded the same ``hold``.

        It is written to the trash and moved from there, so this is a move like others. ``describe(count)`` gives
        the text of an action that added ``count`` photos.
        """
        last = self.journal.done[-1] if hold is not None and self.journal.done else None
        if last is not None and (last.hold != hold or last.moves[-1].target.label != target.label):
            last = None
        number = self.journal.next_id if last is None else last.id
        start = self.places.free(self.trash.place(number, target.label, target.name))
        path = self.places.path(start)
        status = self._with_room(lambda: write_new(path, content), len(content))
        file = KnownFile(sha256, status.st_size, status.st_mtime_ns)
        move = Move(file.id, start, target)
        try:
            if last is None:
                entry = Entry(number, describe(1), (move,), None, hold)
                self._with_room(lambda: self.journal.do(entry))
            else:
                text = describe(len(last.moves) + 1)
                self._with_room(lambda: self.journal.more(text, move))
        except OSError:
            path.unlink()
            raise
        self.table.put(start, file)
        self._finish()

    def undo(self) -> Action:
        """Undo the last action."""
        entry = self.journal.done[-1]
        self._with_room(self.journal.undo, keep=_numbers(entry.moves))
        self._finish()
        return entry.action

    def redo(self) -> Action:
        """Do the action again that was undone last."""
        entry = self.journal.undone[-1]
        self._with_room(self.journal.redo, keep=_numbers(entry.moves))
        self._finish()
        return entry.action

    def empty_trash(self) -> None:
        """Remove the deleted photos for good, and forget all actions."""
        self.journal.clear()
        self.trash.empty()

    def _finish(self) -> None:
        """Make the change that the journal has begun, if there is one."""
        change = self.journal.unfinished
        if change is None:
            return
        numbers = _numbers(change.moves)
        try:
            self._with_room(lambda: self._mover.make(change.moves), keep=numbers)
        finally:
            if change.classes is not None:
                self.classes.set_order(change.classes)
            self.journal.finished()
            with contextlib.suppress(OSError):  # the order alone, which the next change writes again
                self.classes.save()
        if any(move.target.place == TRASH for move in change.moves):
            self._forget(self.trash.shrink(self._trash_limit_bytes, keep=numbers))

    def _with_room(self, attempt: Callable[[], Result], size_bytes: int = 0, keep: Iterable[int] = ()) -> Result:
        """What ``attempt`` returns; deleted photos, but those of the actions ``keep``, make room for it if needed."""
        kept = set(keep)
        while True:
            try:
                return attempt()
            except OSError as error:
                most_bytes = self.trash.size_bytes - size_bytes - _ROOM_BYTES
                gone = self.trash.shrink(max(0, most_bytes), keep=kept) if error.errno in _FULL else set()
                if not gone:
                    raise
                self._forget(gone)

    def _forget(self, ids: set[str]) -> None:
        if ids:
            self.journal.gone(ids)


@contextlib.contextmanager
def storage_errors(places: Places) -> Iterator[None]:
    """Turn an :class:`OSError` of the block into a :class:`~edge.errors.StorageError` of one line."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(f"{places.root}: the disk is full; remove files from it; no photo is lost") from None
        path = error.filename or places.root
        raise StorageError(f"{path}: cannot be changed ({error.strerror}); check permissions and the disk") from None


def _numbers(moves: Iterable[Move]) -> set[int]:
    """The numbers of the folders of the trash in which ``moves`` begin or end."""
    return {number_of(location) for move in moves for location in move[1:] if location.place == TRASH}
