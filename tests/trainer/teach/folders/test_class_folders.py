"""The photos of a session: what each action does on the disk, and how it is undone, also by the next session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import UsageError
from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS, INBOX, TRASH, Action, Hold

Open = Callable[[], ClassFolders]


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Open]:
    """Opens the session of one folder; the one that was open before is closed."""
    opened: list[ClassFolders] = []

    def open_again() -> ClassFolders:
        if opened:
            opened.pop().close()
        opened.append(ClassFolders(tmp_path / "photos"))
        return opened[0]

    yield open_again
    opened.pop().close()


def disk(folders: ClassFolders) -> dict[str, bytes]:
    """The photos in classes and in the inbox: their bytes by their path below the session's folder."""
    files = {path.relative_to(folders.root).as_posix(): path for path in folders.root.rglob("*.[jp][pn]g")}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(".teach/trash")}


def test_an_upload_keeps_its_bytes_and_says_when_it_is_known(reopen: Open) -> None:
    """An uploaded photo is written as it came; the same bytes are known afterwards, in this class and in others."""
    folders = reopen()
    for label in ("rose", "tulip"):
        folders.add_class(label)
    added = folders.add(noise_picture(1, "PNG"), "rose", name="my rose.png")
    assert (added.outcome, added.photo.place, added.photo.label) == ("added", CLASS, "rose")
    assert disk(folders) == {added.photo.relative: noise_picture(1, "PNG")}
    assert added.photo.relative.endswith("Z-my rose.png")
    assert folders.add(noise_picture(1, "PNG"), "rose") == (added.photo, "present")
    assert folders.add(noise_picture(1, "PNG"), "tulip") == (added.photo, "elsewhere")
    assert folders.undoable == Action(3, "1 photo added to rose")


def test_a_hold_is_one_action_and_one_group(reopen: Open) -> None:
    """The frames of a hold are named as one group, and undone together."""
    folders = reopen()
    folders.add_class("rose")
    hold = Hold("a", 1_795_728_930.123)
    for number in range(3):
        folders.add(noise_picture(number), "rose", hold=hold)
    names = [photo.relative for photo in folders.of(CLASS, "rose")]
    assert names == [f"rose/20261126T213530.123Z_nohash_000{number}.jpg" for number in (1, 2, 3)]
    assert {photo.hold for photo in folders.photos.values()} == {"20261126T213530.123Z"}
    action = folders.undoable
    assert action == Action(2, "3 photos recorded for rose")
    assert folders.undo(2) == action
    assert [photo.place for photo in folders.photos.values()] == [TRASH] * 3
    assert folders.redo(2) == action
    assert [photo.relative for photo in folders.of(CLASS, "rose")] == names


def test_every_action_is_undone_and_done_again_by_later_sessions(reopen: Open) -> None:
    """Each action is undone by a session of its own, and done again by one: the disk is as it was each time."""
    folders = reopen()
    (folders.root / ".teach" / "inbox" / "tulip").mkdir(parents=True)
    (folders.root / ".teach" / "inbox" / "tulip" / "guess.jpg").write_bytes(noise_picture(100))
    folders = reopen()
    states = []

    def remember() -> None:
        states.append((disk(folders), folders.classes))

    remember()
    folders.add_class("rose")
    remember()
    folders.add_class("tulip")
    remember()
    ids = []
    for number in range(4):
        ids.append(folders.add(noise_picture(number), "rose").photo.id)
        remember()
    guess = folders.of(INBOX)[0]
    assert (guess.label, guess.relative) == ("tulip", "tulip/guess.jpg")
    for act in (
        lambda: folders.assign([guess.id, ids[0]], "tulip"),
        lambda: folders.delete([ids[1], guess.id]),
        lambda: folders.assign([guess.id], "rose"),
        lambda: folders.rename_class("rose", "Rose"),
        lambda: folders.merge_class("tulip", "Rose"),
        lambda: folders.delete_class("Rose"),
    ):
        assert act() is not None
        remember()
    assert folders.classes == ()
    for state in states[-2::-1]:
        folders = reopen()
        action = folders.undoable
        assert action and folders.undo(action.id) == action
        assert (disk(folders), folders.classes) == state
    assert folders.undoable is None
    for state in states[1:]:
        folders = reopen()
        action = folders.redoable
        assert action and folders.redo(action.id) == action
        assert (disk(folders), folders.classes) == state
    assert folders.redoable is None


def test_another_action_than_the_last_is_not_undone(reopen: Open) -> None:
    """Undo of an action that is not the last one changes nothing."""
    folders = reopen()
    folders.add_class("rose")
    folders.add_class("tulip")
    assert folders.undo(1) is None
    assert folders.redo(2) is None
    assert folders.classes == ("rose", "tulip")


def test_unknown_names_are_refused(reopen: Open) -> None:
    """A class or a photo that is not there is named, and nothing is changed."""
    folders = reopen()
    folders.add_class("rose")
    id_ = folders.add(noise_picture(1), "rose").photo.id
    with pytest.raises(UsageError, match="there is no class tulip; add it first"):
        folders.assign([id_], "tulip")
    with pytest.raises(UsageError, match="there is no photo 'abc' any more; nothing was changed"):
        folders.delete([id_, "abc"])
    with pytest.raises(UsageError, match="there is a class rose already; merge tulip into it"):
        folders.rename_class(folders.add_class("tulip"), "rose")
    assert folders.photos[id_].label == "rose"
