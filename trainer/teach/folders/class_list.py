"""The classes of a session: their folders, and the order in which they were made."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from trainer.photos.layout import class_name
from trainer.teach.folders.move_files import write_new


class ClassList:
    """The classes, whose order is kept in the file ``path``.

    A class can have two folders if their names are two Unicode forms of one name.
    """

    def __init__(self, path: Path) -> None:
        """Read the order; a file that is missing or damaged gives none."""
        self._path = path
        self._folders: dict[str, set[str]] = {}
        try:
            names = json.loads(path.read_bytes())["classes"]
            self._order = [name for name in dict.fromkeys(names) if isinstance(name, str)]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            self._order = []
        self._saved = list(self._order)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that have a folder, in their order."""
        return tuple(label for label in self._order if self._folders.get(label))

    def folders(self, label: str) -> list[str]:
        """The names of the folders of ``label``, sorted; the first one gets new photos."""
        return sorted(self._folders.get(label, ()))

    def set_folders(self, names: Iterable[str]) -> None:
        """The class folders are those called ``names``; classes that are new come last, sorted."""
        self._folders = {}
        for name in sorted(names):
            self.add_folder(name)

    def add_folder(self, name: str) -> None:
        """There is a class folder called ``name``."""
        label = class_name(name)
        self._folders.setdefault(label, set()).add(name)
        if label not in self._order:
            self._order.append(label)

    def remove_folder(self, name: str) -> None:
        """There is not a class folder called ``name`` any more."""
        self._folders.get(class_name(name), set()).discard(name)

    def set_order(self, labels: Iterable[str]) -> None:
        """Order the classes as ``labels``; others that have a folder come last."""
        self._order = list(dict.fromkeys([*labels, *self.labels]))

    def save(self) -> None:
        """Write the order if it is another one. Raises OSError."""
        labels = list(self.labels)
        if labels != self._saved:
            write_new(self._path, json.dumps({"classes": labels}).encode() + b"\n")
            self._saved = labels
