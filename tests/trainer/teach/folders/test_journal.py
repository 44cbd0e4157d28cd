"""The journal of a session: what it says after a stop, after damage, and after very many actions."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from trainer.teach.folders import journal as journal_module
from trainer.teach.folders.journal import Change, Entry, Journal, Move
from trainer.teach.folders.places import Location
from trainer.teach.state import CLASS, INBOX, TRASH


def move(id_: str = "ab", name: str = "1.jpg") -> Move:
    """A move from the inbox into a class."""
    return Move(id_, Location(INBOX, f"x/{name}"), Location(CLASS, f"rose/{name}"))


def entry(number: int, *moves: Move) -> Entry:
    """An action with ``moves``."""
    return Entry(number, f"action {number}", moves or (move(),))


def numbers(journal: Journal) -> tuple[list[int], list[int], int]:
    """The actions that are done, those that are undone, and the next number."""
    return [each.id for each in journal.done], [each.id for each in journal.undone], journal.next_id


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Actions, their moves, classes and holds are the same for the next session; names may be any bytes."""
    journal = Journal(tmp_path / "journal")
    first = Entry(1, "class ü added", (Move("", Location(TRASH, "1/ü"), Location(CLASS, "ü")),), (("a",), ("a", "ü")))
    second = Entry(2, "1 photo", (move("cd", "a:b\udcff\n.jpg"),), None, "hold")
    for each in (first, second):
        journal.do(each)
        journal.finished()
    journal.more("2 photos", move("ef", "2.jpg"))
    journal.finished()
    journal.close()
    again = Journal(tmp_path / "journal")
    assert list(again.done) == [first, second._replace(text="2 photos", moves=(*second.moves, move("ef", "2.jpg")))]
    assert (again.unfinished, again.damaged) == (None, False)
    again.close()


def test_the_last_change_is_unfinished_until_it_says_otherwise(tmp_path: Path) -> None:
    """What was being done, or undone, is known to the next session, in the order in which it is to be done."""
    journal = Journal(tmp_path / "journal")
    one, two = move("ab", "1.jpg"), move("cd", "2.jpg")
    journal.do(Entry(1, "2 photos", (one, two), (("a",), ("b",))))
    journal.close()
    journal = Journal(tmp_path / "journal")
    assert journal.unfinished == Change((one, two), ("b",))
    journal.finished()
    journal.undo()
    assert journal.unfinished == Change((two.back(), one.back()), ("a",))
    journal.close()
    journal = Journal(tmp_path / "journal")
    assert journal.unfinished == Change((two.back(), one.back()), ("a",))
    assert numbers(journal) == ([], [1], 2)
    journal.close()


@pytest.mark.parametrize("size", range(1, 60, 7))
def test_a_torn_line_is_removed(tmp_path: Path, size: int) -> None:
    """A line that was not written whole is as if it had never been begun."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.do(entry(1))
    journal.finished()
    whole = path.read_bytes()
    journal.do(entry(2))
    journal.close()
    path.write_bytes(path.read_bytes()[: len(whole) + size])
    journal = Journal(path)
    assert (numbers(journal), journal.unfinished, path.read_bytes()) == (([1], [], 2), None, whole)
    journal.do(entry(2))
    journal.close()
    assert numbers(Journal(path)) == ([1, 2], [], 3)


@pytest.mark.parametrize(
    "line", [b"\x00\x00", b"{}", b"[1]", b'{"undo": 7}', b'{"do": 1}', b"[" * 100_000, b'{"more":2}']
)
def test_a_damaged_line_ends_what_can_be_undone(tmp_path: Path, line: bytes) -> None:
    """Actions before a line that cannot be read cannot be undone; those after it can."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.do(entry(1))
    journal.close()
    with path.open("ab") as file:
        file.write(line + b"\n")
    journal = Journal(path)
    assert (numbers(journal), journal.unfinished, journal.damaged) == (([], [], 2), None, True)
    journal.do(entry(2))
    journal.close()
    assert numbers(Journal(path)) == ([2], [], 3)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full in the middle of a line, the line is taken back, and the action is not known."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.do(entry(1))
    whole, write = path.read_bytes(), os.write

    def write_half(descriptor: int, content: bytes) -> int:
        if len(content) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[: len(content) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write_half)
        with pytest.raises(OSError, match="No space left"):
            journal.do(entry(2))
    assert (path.read_bytes(), numbers(journal)) == (whole, ([1], [], 2))
    journal.close()


def test_moves_of_photos_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    """An action of which all photos are gone is not there any more, for the next session too."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.do(entry(1, move("ab"), move("cd")))
    journal.do(entry(2, move("ab")))
    journal.do(entry(3, move("ab"), move("ef")))
    journal.undo()
    journal.gone({"ab"})
    journal.finished()
    for _ in range(2):
        assert (list(journal.done), journal.undone) == ([entry(1, move("cd"))], [entry(3, move("ef"))])
        journal.close()
        journal = Journal(path)
    journal.close()


def test_the_file_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After very many lines only what can be undone or done again is written anew; numbers go on."""
    monkeypatch.setattr(journal_module, "MOST_ACTIONS", 5)
    monkeypatch.setattr(journal_module, "_REWRITE_LINES", 50)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    path = tmp_path / "journal"
    journal = Journal(path)
    for number in range(1, 200):
        journal.do(entry(number))
        journal.finished()
        if number % 10 == 0:
            journal.undo()
            journal.finished()
            journal.redo()
            journal.finished()
    journal.undo()
    journal.finished()
    assert len(path.read_bytes().splitlines()) <= 60
    for _ in range(2):
        assert numbers(journal) == ([195, 196, 197, 198], [199], 200)
        journal._rewrite()
        journal.close()
        journal = Journal(path)
    journal.clear()
    journal.close()
    assert numbers(Journal(path)) == ([], [], 200)


def test_the_last_action_may_have_any_number_of_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older actions are forgotten if all have too many moves, but the last one never is."""
    monkeypatch.setattr(journal_module, "MOST_MOVES", 10)
    journal = Journal(tmp_path / "journal")
    for number in (1, 2, 3):
        journal.do(entry(number, *[move()] * 4))
    assert numbers(journal) == ([2, 3], [], 4)
    journal.do(entry(4, *[move()] * 20))
    assert numbers(journal) == ([4], [], 5)
    journal.close()
