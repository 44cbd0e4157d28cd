"""The trash of a session: a numbered folder for each action that deleted photos; the oldest are removed for room."""

from __future__ import annotations

import contextlib
import shutil
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from trainer.teach.folders.photo_table import PhotoTable
from trainer.teach.folders.places import Location, Places
from trainer.teach.state import TRASH


class Trash:
    """Deleted photos. Photos of a later action are kept longer."""

    def __init__(self, places: Places, table: PhotoTable) -> None:
        """The trash of ``places``, whose photos are in ``table``."""
        self._places, self._table = places, table

    @property
    def size_bytes(self) -> int:
        """The size of all deleted photos, in bytes."""
        return sum(photo.size_bytes for photo in self._table.of(TRASH))

    def last_number(self) -> int:
        """The highest number of a folder in the trash; 0 if there is none."""
        try:
            return max(map(_number, (path.name for path in self._places.trash.iterdir())), default=0)
        except OSError:
            return 0

    def place(self, action: int, label: str, name: str) -> Location:
        """Where ``action`` puts a photo called ``name`` of the class ``label``."""
        return Location(TRASH, "/".join(filter(None, (str(action), label, name))))

    def shrink(self, most_bytes: int, *, keep: Collection[int] = ()) -> set[str]:
        """Remove the photos deleted first until all have at most ``most_bytes``; returns the ids of the removed ones.

        Photos in the folders with the numbers ``keep`` stay. A photo that cannot be removed stays too.
        """
        size_bytes = self.size_bytes
        gone: set[str] = set()
        if size_bytes <= most_bytes:
            return set()
        numbered: dict[int, list[Location]] = defaultdict(list)
        for location in sorted(self._table.files):
            if location.place == TRASH:
                numbered[number_of(location)].append(location)
        for number in sorted(numbered.keys() - set(keep)):
            for location in numbered[number]:
                if size_bytes <= most_bytes:
                    return gone
                file = self._table.files[location]
                with contextlib.suppress(OSError):
                    self._places.path(location).unlink(missing_ok=True)
                    size_bytes -= file.size_bytes
                    self._table.remove(location)
                    gone.add(file.id)
            if size_bytes > most_bytes:  # what else lay in the folders of deleted classes
                shutil.rmtree(self._places.trash / str(number), ignore_errors=True)
        return gone

    def empty(self) -> None:
        """Remove everything. Raises OSError for the first file that cannot be removed."""
        if self._places.trash.is_dir():
            for path in self._places.trash.iterdir():
                _remove(path)
        for location in [location for location in self._table.files if location.place == TRASH]:
            self._table.remove(location)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def number_of(location: Location) -> int:
    """The number of the folder of the trash that ``location`` is in; 0 if another program put it there."""
    return _number(location.relative.partition("/")[0])


def _number(name: str) -> int:
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 16 else 0
