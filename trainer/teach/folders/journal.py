"""The journal of a session: every action is in it, on the disk, before it is done; so it can be finished and undone.

One JSON object a line::

    {"do": 7, "text": "3 photos to rose", "moves": [["<id>", "inbox:x/1.jpg", "class:rose/1.jpg"], ...]}
    {"more": 7, "text": ..., "moves": ...}     more moves of the action 7, which is the last one
    {"undo": 7}   {"redo": 7}   {"finished": 7}
    {"gone": ["<id>", ...]}                    photos that cannot come back
    {"next": 8}                                the number of the next action

A move without an id is that of a folder. ``"classes": [[...], [...]]`` are the classes in their order before and after
an action that changes them. ``"hold"`` is the hold whose frames an action recorded.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from trainer.teach.folders.move_files import write_new
from trainer.teach.folders.places import Location
from trainer.teach.state import Action

MOST_ACTIONS, MOST_MOVES = 1000, 50_000
"""How many of the last actions can be undone, and how many moves they may have together; the last one may have more."""

_REWRITE_LINES, _REWRITE_BYTES = 5000, 32 << 20


class Move(NamedTuple):
    """A photo, given by its id, or a folder (id empty) that goes from ``source`` to ``target``."""

    photo: str
    source: Location
    target: Location

    def back(self) -> Move:
        """The move that undoes this one."""
        return Move(self.photo, self.target, self.source)


class Entry(NamedTuple):
    """An action, its moves in their order, and the order of the classes before and after it if that changes."""

    id: int
    text: str
    moves: tuple[Move, ...]
    classes: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    hold: str | None = None

    @property
    def action(self) -> Action:
        """What users see of it."""
        return Action(self.id, self.text)


class Change(NamedTuple):
    """Moves to make, and the order of the classes after them; None: as it is."""

    moves: tuple[Move, ...]
    classes: tuple[str, ...] | None


class Journal:
    """The journal in the file ``path``. ``done`` can be undone, ``undone`` can be done again; the last one comes first.

    ``unfinished`` is the change that was written last, if the journal does not say that it was finished.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, or make it. What a kill left of a line is removed; raises OSError."""
        self._path = path
        self.done: deque[Entry] = deque()
        self.undone: list[Entry] = []
        self.next_id = 1
        self.unfinished: Change | None = None
        self.damaged = False
        self._lines = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        self._read()

    def do(self, entry: Entry) -> None:
        """Write that ``entry`` is going to be done. Raises OSError, and then nothing was written."""
        self._write(_record(entry))

    def more(self, text: str, move: Move) -> None:
        """Write that ``move`` is going to be done as part of the last action, which has the new ``text``."""
        self._write({"more": self.done[-1].id, "text": text, "moves": [_row(move)]})

    def undo(self) -> None:
        """Write that the last action is going to be undone."""
        self._write({"undo": self.done[-1].id})

    def redo(self) -> None:
        """Write that the action that was undone last is going to be done again."""
        self._write({"redo": self.undone[-1].id})

    def finished(self) -> None:
        """Write that the change is finished. If that is lost, it is finished again, which changes nothing."""
        with contextlib.suppress(OSError):
            self._write({"finished": self.next_id - 1}, sync=False)
        self.unfinished = None
        if self._lines > _REWRITE_LINES or os.fstat(self._file).st_size > _REWRITE_BYTES:
            with contextlib.suppress(OSError):
                self._rewrite()

    def gone(self, ids: Collection[str]) -> None:
        """Forget moves of photos that were removed for good."""
        record = {"gone": sorted(ids)}
        try:
            self._write(record, sync=False)
        except OSError:  # a full disk: moves of photos that are gone do nothing
            self._replay(record)

    def clear(self) -> None:
        """Forget all actions. Raises OSError."""
        self.done.clear()
        self.undone.clear()
        self._rewrite()

    def close(self) -> None:
        """Close the file; the second time nothing happens."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, record: dict[str, Any], *, sync: bool = True) -> None:
        line = memoryview(_line(record))
        size = os.fstat(self._file).st_size
        try:
            while line:
                line = line[os.write(self._file, line) :]
            if sync:
                os.fsync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, size)
            raise
        self._lines += 1
        self._replay(record)

    def _read(self) -> None:
        content = self._path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            os.ftruncate(self._file, end)
        for line in content[:end].split(b"\n")[:-1]:
            self._lines += 1
            try:
                self._replay(json.loads(line))
            except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
                self.damaged, self.unfinished = True, None
                self.done.clear()
                self.undone.clear()

    def _replay(self, record: dict[str, Any]) -> None:
        if "do" in record:
            self._did(_entry(record))
        elif "more" in record:
            moves = tuple(map(_move, record["moves"]))
            last = _expect(self.done.pop(), record["more"])
            self.done.append(last._replace(text=record["text"], moves=last.moves + moves))
            self.unfinished = Change(moves, None)
        elif "undo" in record:
            entry = _expect(self.done.pop(), record["undo"])
            self.undone.append(entry)
            back = tuple(move.back() for move in reversed(entry.moves))
            self.unfinished = Change(back, entry.classes and entry.classes[0])
        elif "redo" in record:
            entry = _expect(self.undone.pop(), record["redo"])
            self.done.append(entry)
            self.unfinished = Change(entry.moves, entry.classes and entry.classes[1])
        elif "gone" in record:
            gone = set(record["gone"])
            self.done = deque(filter(None, (_without(entry, gone) for entry in self.done)))
            self.undone = list(filter(None, (_without(entry, gone) for entry in self.undone)))
        elif "next" in record:
            self.next_id = int(record["next"])
        elif record["finished"]:
            self.unfinished = None

    def _did(self, entry: Entry) -> None:
        self.done.append(entry)
        self.undone.clear()
        self.next_id = max(self.next_id, entry.id + 1)
        self.unfinished = Change(entry.moves, entry.classes and entry.classes[1])
        moves = sum(len(each.moves) for each in self.done)
        while len(self.done) > MOST_ACTIONS or (moves > MOST_MOVES and len(self.done) > 1):
            moves -= len(self.done.popleft().moves)

    def _rewrite(self) -> None:
        """Write a file of what is still needed in place of this one."""
        undone = self.undone[::-1]
        records = [*map(_record, [*self.done, *undone]), *({"undo": entry.id} for entry in undone[::-1])]
        records += [{"next": self.next_id}, {"finished": self.next_id - 1}]
        write_new(self._path, b"".join(map(_line, records)))
        os.close(self._file)
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        self._lines = len(records)


def _expect(entry: Entry, number: int) -> Entry:
    if entry.id != number:
        raise ValueError(number)
    return entry


def _without(entry: Entry, gone: set[str]) -> Entry | None:
    """``entry`` without moves of photos that are gone; None if it had only such moves."""
    moves = tuple(move for move in entry.moves if move.photo not in gone)
    return entry._replace(moves=moves) if moves else None


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _record(entry: Entry) -> dict[str, Any]:
    record = {"do": entry.id, "text": entry.text, "moves": [_row(move) for move in entry.moves]}
    if entry.classes:
        record["classes"] = entry.classes
    return record | ({"hold": entry.hold} if entry.hold else {})


def _row(move: Move) -> list[str]:
    return [move.photo, *(f"{location.place}:{location.relative}" for location in move[1:])]


def _entry(record: dict[str, Any]) -> Entry:
    classes = record.get("classes")
    moves = tuple(map(_move, record["moves"]))
    order = (tuple(classes[0]), tuple(classes[1])) if classes else None
    return Entry(int(record["do"]), str(record["text"]), moves, order, record.get("hold"))


def _move(row: list[str]) -> Move:
    photo, source, target = row
    return Move(photo, _location(source), _location(target))


def _location(text: str) -> Location:
    place, _, relative = text.partition(":")
    return Location(place, relative)
