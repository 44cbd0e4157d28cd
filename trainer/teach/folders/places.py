"""The three places of a session's photos on the disk, and where in them a file is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from edge.errors import UsageError
from trainer.photos.layout import class_name
from trainer.teach.state import CLASS, INBOX, TRASH

SESSION_FOLDER = ".teach"
"""The folder, inside the folder of a session, with what belongs to the session; hidden, so that it is not a class."""


class Location(NamedTuple):
    """A file or a folder: its place, and the path below the folder of that place, with forward slashes."""

    place: str
    relative: str

    @property
    def label(self) -> str:
        """The class of a photo here: in the inbox the guessed one, in the trash the former one; empty if unknown."""
        folders = self.relative.split("/")[1 if self.place == TRASH else 0 : -1]
        return class_name(folders[0]) if folders else ""

    @property
    def name(self) -> str:
        """The name of the file or folder."""
        return self.relative.rpartition("/")[2]

    def holds(self, other: Location) -> bool:
        """Whether ``other`` is inside this folder."""
        return self.place == other.place and other.relative.startswith(f"{self.relative}/")

    def within(self, old: Location, new: Location) -> Location:
        """Where this is after the folder ``old``, in which it is, was renamed to ``new``."""
        return Location(new.place, new.relative + self.relative[len(old.relative) :])


class Places(NamedTuple):
    """The folders of a session: ``root`` has the class folders, ``inbox`` the captured frames."""

    root: Path
    inbox: Path

    @property
    def session(self) -> Path:
        """The folder of the session's own files."""
        return self.root / SESSION_FOLDER

    @property
    def trash(self) -> Path:
        """The folder of deleted photos: a numbered folder for each action that deleted some."""
        return self.session / "trash"

    def check(self) -> None:
        """Raise :class:`~edge.errors.UsageError` if the inbox holds the class folders or is one of them."""
        root, inbox = self.root.resolve(), self.inbox.resolve()
        inside = inbox.relative_to(root).parts if inbox.is_relative_to(root) else ()
        if root.is_relative_to(inbox) or (inside and not any(part.startswith(".") for part in inside)):
            raise UsageError(
                f"{self.inbox}: the folder of captured frames cannot be one with classes; give another one"
            )

    def folder(self, place: str) -> Path:
        """The folder of ``place``."""
        return {CLASS: self.root, INBOX: self.inbox, TRASH: self.trash}[place]

    def path(self, location: Location) -> Path:
        """The path of ``location``."""
        return self.folder(location.place) / location.relative

    def free(self, location: Location) -> Location:
        """``location`` if nothing has that path, else the same with a number in its name: ``rose (2).jpg``.

        Whole folders are numbered so; such a name does not say that two photos are copies of one.
        """
        if not os.path.lexists(self.path(location)):
            return location
        folder, slash, name = location.relative.rpartition("/")
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        number = 2
        while True:
            mark = f" ({number}){dot}{ending}"
            other = Location(location.place, folder + slash + cut(stem, 255 - len(os.fsencode(mark))) + mark)
            if not os.path.lexists(self.path(other)):
                return other
            number += 1


def cut(name: str, most_bytes: int) -> str:
    """The start of ``name`` that has at most ``most_bytes`` bytes in a path."""
    while len(os.fsencode(name)) > most_bytes:
        name = name[:-1]
    return name
