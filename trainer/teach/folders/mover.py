"""Carries out the moves of an action on the disk, and keeps the table of photos and the list of classes with it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from trainer.teach.folders.class_list import ClassList
from trainer.teach.folders.journal import Move
from trainer.teach.folders.move_files import is_copy, move_file, remove_empty, sync_folders
from trainer.teach.folders.photo_table import PhotoTable
from trainer.teach.folders.places import Location, Places
from trainer.teach.state import CLASS, TRASH


class Mover:
    """Moves photos and folders. What is not at the start of its move any more is left alone.

    So moves can be made again after a stop in their middle: those that were made do nothing.
    """

    def __init__(self, places: Places, table: PhotoTable, classes: ClassList) -> None:
        """Move files of ``places``, which ``table`` and ``classes`` describe."""
        self._places, self._table, self._classes = places, table, classes

    def make(self, moves: Iterable[Move]) -> None:
        """Make ``moves``, one after the other, and put them on the disk.

        Raises OSError for the first one that fails; those after it are not made.
        """
        touched: set[Path] = set()
        try:
            for move in moves:
                if move.photo:
                    self._move_photo(move, touched)
                else:
                    self._move_folder(move, touched)
        finally:
            sync_folders(touched)

    def _move_photo(self, move: Move, touched: set[Path]) -> None:
        source = self._now_at(move)
        if source is None:
            return
        path, target = self._places.path(source), move.target
        there = self._table.files.get(target)
        if there and there.id == move.photo and is_copy(path, self._places.path(target)):
            path.unlink(missing_ok=True)
            self._table.remove(source)
        else:
            target = self._places.free(target)
            try:
                move_file(path, self._places.path(target))
            except FileNotFoundError:
                if os.path.lexists(path):
                    raise
                self._table.remove(source)  # another program removed it
                return
            self._table.move(source, target)
        if target.place == CLASS:
            self._classes.add_folder(target.relative.partition("/")[0])
        touched.update((path.parent, self._places.path(target).parent))
        if source.place == TRASH:
            remove_empty(path.parent, self._places.trash)

    def _now_at(self, move: Move) -> Location | None:
        """Where the photo of ``move`` is, if that is still its class, or its place, at the start of the move."""
        start = move.source
        near = [
            location
            for location in self._table.locations(move.photo)
            if (location.place, location.label) == (start.place, start.label)
        ]
        return start if start in near else next(iter(near), None)

    def _move_folder(self, move: Move, touched: set[Path]) -> None:
        source, target = (self._places.path(location) for location in (move.source, move.target))
        if not source.is_dir():
            if move.target.place != CLASS or target.is_dir():
                return
            target.mkdir(parents=True)  # a class that was empty
        elif os.path.lexists(target) and not os.path.samefile(source, target):
            self._empty_folder(move, touched)  # another program made that folder, or a stop came in the middle
            return
        elif source.is_symlink() and move.source.place != move.target.place:  # it may be relative
            self._empty_folder(move, touched)
            target.mkdir(parents=True, exist_ok=True)
            source.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, target)
            for location in self._table.inside(move.source):
                self._table.move(location, location.within(move.source, move.target))
        if move.source.place == CLASS:
            self._classes.remove_folder(move.source.relative)
        if move.target.place == CLASS:
            self._classes.add_folder(move.target.relative)
        touched.update((source.parent, target.parent))
        if move.source.place == TRASH:
            remove_empty(source.parent, self._places.trash)

    def _empty_folder(self, move: Move, touched: set[Path]) -> None:
        """Move all photos of a folder into one that is there already."""
        photos = [
            Move(self._table.files[location].id, location, location.within(move.source, move.target))
            for location in self._table.inside(move.source)
        ]
        for photo in photos:
            self._move_photo(photo, touched)
