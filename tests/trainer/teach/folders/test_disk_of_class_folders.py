"""What a session does with files of the same bytes, taken names, links, and changes of other programs."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from edge.errors import UsageError
from support.class_folders import Open, relatives, write
from support.pictures import noise_picture
from trainer.photos.dataset import Dataset
from trainer.photos.photo_files import Skipped
from trainer.teach.state import CLASS, INBOX, TRASH


def test_a_session_has_the_photos_that_retraining_uses(root: Path, opened: Open) -> None:
    """Classes, photos and skipped files are those of ``trainer retrain``, after actions too."""
    write(root, rose__1=1, rose__deep__2=2, tulip__3=3, tulip__4=4, tulip__again=4, rose__torn=5, tulip__torn=5)
    (root / "notes.txt").write_text("no photo")
    (root / "rose" / "empty.jpg").touch()
    folders = opened()

    def check() -> None:
        dataset = Dataset.from_folder(root, layout="classes")
        found = {(photo.relative, photo.label, photo.sha256) for photo in folders.of(CLASS)}
        assert found == {(photo.relative, photo.label, photo.sha256) for photo in dataset.photos}
        hidden = [entry for entry in dataset.skipped if entry.path == ".teach"]
        assert sorted([*folders.skipped, *hidden]) == sorted(dataset.skipped)

    check()
    assert Skipped("rose/torn.jpg", "the same photo is in rose and tulip; keep it in one") in folders.skipped
    assert Skipped("tulip/again.jpg", "the same photo as tulip/4.jpg") in folders.skipped
    folders.assign([folders.of(CLASS, "tulip")[1].id], "rose")
    check()
    folders.rename_class("tulip", "lily")
    check()


def test_files_with_the_same_bytes_move_together(root: Path, opened: Open) -> None:
    """A photo of which a class has two files is in one class after it was assigned, and back after undo."""
    write(root, rose__1=1, rose__copy=1, tulip__2=2)
    folders = opened()
    id_ = folders.of(CLASS, "rose")[0].id
    folders.assign([id_], "tulip")
    assert relatives(folders) == ["tulip/1.jpg", "tulip/2.jpg"]
    assert folders.skipped == []
    folders.undo(1)
    assert (relatives(folders), folders.skipped) == (
        ["rose/1.jpg", "tulip/2.jpg"],
        [Skipped("rose/copy.jpg", "the same photo as rose/1.jpg")],
    )
    folders.delete([id_])
    assert relatives(folders) == ["tulip/2.jpg"]
    assert not list((root / "rose").iterdir())


def test_a_photo_in_two_classes_is_changed_by_no_upload(root: Path, opened: Open) -> None:
    """The same bytes in two classes are no photo; adding them says that they are elsewhere."""
    write(root, rose__1=1, tulip__1=1, tulip__2=2)
    folders = opened()
    added = folders.add(noise_picture(1), "rose")
    assert (added.outcome, added.photo.relative) == ("elsewhere", "rose/1.jpg")
    assert relatives(folders) == ["tulip/2.jpg"]
    folders.delete_class("tulip")
    assert relatives(folders) == ["rose/1.jpg"]


def test_a_class_comes_before_the_inbox(root: Path, opened: Open, tmp_path: Path) -> None:
    """A captured frame that a class has is skipped; uploading one of the inbox moves it."""
    write(root, rose__1=1)
    write(tmp_path / "captured", unknown__1=1, unknown__2=2, plain=3)
    folders = opened(tmp_path / "captured")
    assert [(photo.relative, photo.label) for photo in folders.of(INBOX)] == [
        ("unknown/2.jpg", "unknown"),
        ("plain.jpg", ""),
    ]
    assert folders.skipped == [Skipped("unknown/1.jpg", "the same photo as rose/1.jpg")]
    added = folders.add(noise_picture(2), "rose", name="x.jpg")
    assert (added.outcome, added.photo.relative) == ("added", "rose/2.jpg")
    folders.delete([folders.of(INBOX)[0].id])
    assert relatives(folders, TRASH) == ["2/plain.jpg"]
    folders.undo(2)
    assert relatives(folders, INBOX) == ["plain.jpg"]


def test_names_that_are_taken_get_a_number(root: Path, opened: Open) -> None:
    """No file is overwritten: photos of one name get numbers, and undo gives them their names back."""
    write(root, rose__1=1, tulip__1=2, daisy__1=3)
    folders = opened()
    before = {photo.path: photo.path.read_bytes() for photo in folders.of(CLASS)}
    folders.merge_class("tulip", "rose")
    folders.merge_class("daisy", "rose")
    assert relatives(folders) == ["rose/1 (2).jpg", "rose/1 (3).jpg", "rose/1.jpg"]
    assert {path.read_bytes() for path in (root / "rose").iterdir()} == set(before.values())
    folders.undo(2)
    folders.undo(1)
    assert {photo.path: photo.path.read_bytes() for photo in folders.of(CLASS)} == before


def test_two_unicode_forms_of_a_folder_are_one_class(root: Path, opened: Open) -> None:
    """A class with a composed and a decomposed folder is renamed, deleted and brought back as one."""
    forms = [unicodedata.normalize(form, "Gänse") for form in ("NFC", "NFD")]
    for number, form in enumerate(forms):
        (root / form).mkdir(parents=True)
        (root / form / "1.jpg").write_bytes(noise_picture(number))
    if len(os.listdir(root)) < 2:
        pytest.skip("this file system takes both forms as one")
    folders = opened()
    before = relatives(folders)
    assert folders.classes == ("Gänse",)
    folders.rename_class("Gänse", "geese")
    assert (folders.classes, relatives(folders)) == (("geese",), ["geese/1 (2).jpg", "geese/1.jpg"])
    folders.undo(1)
    assert relatives(folders) == before
    folders.delete_class("Gänse")
    assert (folders.classes, len(folders.of(TRASH))) == ((), 2)
    folders.undo(2)
    assert (folders.classes, relatives(folders)) == (("Gänse",), before)


def test_links_are_followed_and_copied(root: Path, opened: Open, tmp_path: Path) -> None:
    """A relative link to a photo, or to a folder of a class, still leads to the photo after an action and its undo."""
    write(tmp_path / "album", one=1)
    write(tmp_path / "more", two=2)
    (root / "rose").mkdir(parents=True)
    (root / "rose" / "1.jpg").symlink_to("../../album/one.jpg")
    (root / "tulip").symlink_to("../more")
    folders = opened()
    ids = [folders.of(CLASS, label)[0].id for label in ("rose", "tulip")]
    for act in (
        lambda: folders.delete_class("tulip"),
        lambda: folders.delete([ids[0]]),
        lambda: folders.rename_class("rose", "lily"),
    ):
        act()
    for _ in range(3):
        assert folders.undoable and folders.undo(folders.undoable.id)
    assert [folders.photos[id_].path.read_bytes() for id_ in ids] == [noise_picture(1), noise_picture(2)]
    assert relatives(folders) == ["rose/1.jpg", "tulip/two.jpg"]
    assert (tmp_path / "album" / "one.jpg").read_bytes() == noise_picture(1)


def test_changes_of_other_programs_are_found(root: Path, opened: Open) -> None:
    """Files and folders that come, go and change are found by the next scan, and only by that one."""
    write(root, rose__1=1, rose__2=2)
    folders = opened()
    one, two = folders.of(CLASS)
    assert not folders.rescan()
    write(root, rose__3=3, tulip__4=4)
    one.path.unlink()
    two.path.write_bytes(noise_picture(20, side=20))
    write(root / ".teach" / "inbox", rose__5=5)
    assert folders.rescan()
    assert relatives(folders) == ["rose/2.jpg", "rose/3.jpg", "tulip/4.jpg"]
    assert relatives(folders, INBOX) == ["rose/5.jpg"]
    assert {one.id, two.id}.isdisjoint(folders.photos)
    assert folders.classes == ("rose", "tulip")
    assert not folders.rescan()
    shutil.rmtree(root / "tulip")
    assert folders.rescan()
    assert (folders.classes, relatives(folders, label="rose")) == (("rose",), ["rose/2.jpg", "rose/3.jpg"])


def test_photos_that_another_program_removed_are_left_alone(root: Path, opened: Open) -> None:
    """An action, its undo, and an upload do what is possible if files went in between."""
    write(root, rose__1=1, rose__2=2, tulip__3=3)
    folders = opened()
    ids = {photo.name: id_ for id_, photo in ((id_, photo.path) for id_, photo in folders.photos.items())}
    (root / "rose" / "1.jpg").unlink()
    folders.assign([ids["1.jpg"], ids["2.jpg"]], "tulip")
    assert relatives(folders) == ["tulip/2.jpg", "tulip/3.jpg"]
    (root / "tulip" / "2.jpg").unlink()
    folders.undo(1)
    assert relatives(folders) == ["tulip/3.jpg"]
    (root / "tulip" / "3.jpg").unlink()
    assert folders.add(noise_picture(3), "rose").outcome == "added"
    shutil.rmtree(root / "tulip")
    folders.rescan()
    assert folders.classes == ("rose",)


def test_undo_keeps_what_another_program_put_there(root: Path, opened: Open) -> None:
    """If the name of a deleted class was taken meanwhile, its photos come back into that folder, beside the others."""
    write(root, rose__1=1, rose__2=2, tulip__3=3)
    folders = opened()
    folders.delete_class("rose")
    write(root, rose__1=10)
    folders.rescan()
    folders.undo(1)
    assert relatives(folders, label="rose") == ["rose/1 (2).jpg", "rose/1.jpg", "rose/2.jpg"]
    assert (root / "rose" / "1.jpg").read_bytes() == noise_picture(10)


def test_a_file_with_the_name_of_a_new_class_is_named(root: Path, opened: Open) -> None:
    """A class cannot be made, or get a name, where a file is."""
    root.mkdir()
    (root / "rose").write_text("a file")
    folders = opened()
    with pytest.raises(UsageError, match="rose: there is a file or folder with this name; remove it, or choose"):
        folders.add_class("rose")
    folders.add_class("tulip")
    with pytest.raises(UsageError, match="rose: there is a file or folder with this name; remove it, or choose"):
        folders.rename_class("tulip", "rose")
    assert (root / "rose").read_text() == "a file"


def test_what_is_not_a_photo_goes_with_its_class(root: Path, opened: Open) -> None:
    """Other files in the folder of a class go to the trash with it, and come back."""
    write(root, rose__1=1, tulip__2=2)
    (root / "rose" / "empty.jpg").touch()
    folders = opened()
    folders.merge_class("rose", "tulip")
    assert sorted(os.listdir(root)) == [".teach", "tulip"]
    folders.undo(1)
    assert sorted(os.listdir(root / "rose")) == ["1.jpg", "empty.jpg"]
