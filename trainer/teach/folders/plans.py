"""What each action on photos and classes moves, planned before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge.errors import UsageError
from edge.printable import printable
from edge.shorten import shorten
from trainer.report.number_format import counted
from trainer.teach.folders.actions import Actions
from trainer.teach.folders.class_names import check_class_name
from trainer.teach.folders.journal import Move
from trainer.teach.folders.places import Location
from trainer.teach.state import CLASS, TRASH, TaughtPhoto


class Plan(NamedTuple):
    """The text of an action, its moves, and the classes in their order after it; None: as before."""

    text: str
    moves: list[Move]
    classes: list[str] | None = None


class Plans:
    """Plans actions on the photos and classes of a session.

    The methods return None if there is nothing to do, and raise :class:`~edge.errors.UsageError` for a class or a photo
    that is not there, and for a name that a class cannot have.
    """

    def __init__(self, actions: Actions) -> None:
        """Plan what ``actions`` does."""
        self._actions, self._places = actions, actions.places
        self._table, self._classes = actions.table, actions.classes

    def folder(self, label: str) -> str:
        """The folder that gets new photos of the class ``label``."""
        if label not in self._classes.labels:
            raise UsageError(f"there is no class {shown(label)}; add it first")
        return self._classes.folders(label)[0]

    def add_class(self, name: str) -> tuple[str, Plan | None]:
        """A class ``name`` if it is not there; its name as it is kept."""
        labels = list(self._classes.labels)
        kept = check_class_name(name, labels)
        if kept in labels:
            return kept, None
        self._check_free(kept)
        move = Move("", self._in_trash("", kept), Location(CLASS, kept))
        return kept, Plan(f"class {shown(kept)} added", [move], [*labels, kept])

    def rename_class(self, old: str, new: str) -> Plan | None:
        """The class ``old`` is called ``new``."""
        folder = self.folder(old)
        labels = self._classes.labels
        kept = check_class_name(new, [label for label in labels if label != old])
        if kept == old:
            return None
        if kept in labels:
            raise UsageError(f"there is a class {shown(kept)} already; merge {shown(old)} into it")
        self._check_free(kept, but=folder)
        moves = [Move("", Location(CLASS, folder), Location(CLASS, kept)), *self._merge(old, kept, but=folder)]
        order = [kept if label == old else label for label in labels]
        return Plan(f"{shown(old)} renamed to {shown(kept)}", moves, order)

    def merge_class(self, source: str, into: str) -> Plan | None:
        """All photos of ``source`` are in the class ``into``, and ``source`` is not a class any more."""
        self.folder(source)
        folder = self.folder(into)
        if source == into:
            return None
        return Plan(f"{shown(source)} merged into {shown(into)}", self._merge(source, folder), self._without(source))

    def delete_class(self, name: str) -> Plan:
        """The folders of the class ``name`` are in the trash."""
        self.folder(name)
        folders = self._classes.folders(name)
        moves = [Move("", Location(CLASS, folder), self._in_trash("", folder)) for folder in folders]
        return Plan(f"class {shown(name)} deleted", moves, self._without(name))

    def assign(self, ids: Sequence[str], label: str) -> Plan | None:
        """The photos ``ids`` are in the class ``label``; of files with the same bytes in a class, one stays there."""
        folder = self.folder(label)
        chosen = [photo for photo in self._named(ids) if (photo.place, photo.label) != (CLASS, label)]
        moves = []
        for photo in chosen:
            first, *others = self._table.locations(photo.id)
            moves.append(Move(photo.id, first, Location(CLASS, f"{folder}/{first.name}")))
            moves += [self._to_trash(photo.id, other) for other in others if other.place == CLASS]
        return Plan(f"{counted(len(chosen), 'photo')} to {shown(label)}", moves) if moves else None

    def delete(self, ids: Sequence[str]) -> Plan | None:
        """The photos ``ids`` are in the trash, with all files of the same bytes."""
        chosen = [photo for photo in self._named(ids) if photo.place != TRASH]
        moves = [
            self._to_trash(photo.id, location)
            for photo in chosen
            for location in self._table.locations(photo.id)
            if location.place != TRASH
        ]
        return Plan(f"{counted(len(chosen), 'photo')} deleted", moves) if moves else None

    def _to_trash(self, id_: str, location: Location) -> Move:
        return Move(id_, location, self._in_trash(location.label, location.name))

    def _named(self, ids: Iterable[str]) -> list[TaughtPhoto]:
        known = self._table.photos
        for id_ in ids:
            if id_ not in known:
                raise UsageError(f"there is no photo {shorten(printable(id_))!r} any more; nothing was changed")
        return [known[id_] for id_ in dict.fromkeys(ids)]

    def _in_trash(self, label: str, name: str) -> Location:
        return self._actions.trash.place(self._actions.journal.next_id, label, name)

    def _without(self, label: str) -> list[str]:
        return [other for other in self._classes.labels if other != label]

    def _check_free(self, name: str, but: str | None = None) -> None:
        """Refuse the name of a file or folder among the class folders, if it is not that of the folder ``but``."""
        path = self._places.root / name
        if self._places.free(Location(CLASS, name)).name != name and not (
            but and path.samefile(self._places.root / but)
        ):
            raise UsageError(f"{path}: there is a file or folder with this name; remove it, or choose another name")

    def _merge(self, source: str, folder: str, but: str | None = None) -> list[Move]:
        """The moves of all photos in the folders of ``source``, without ``but``, into ``folder``."""
        moves: list[Move] = []
        for name in self._classes.folders(source):
            if name != but:
                start = Location(CLASS, name)
                for location in self._table.inside(start):
                    target = Location(CLASS, f"{folder}/{location.name}")
                    moves.append(Move(self._table.files[location].id, location, target))
                moves.append(Move("", start, self._in_trash("", name)))  # with what is not a photo
        return moves


def shown(label: str) -> str:
    """The class ``label`` in a message."""
    return shorten(printable(label), 60)
