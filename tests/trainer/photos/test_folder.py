"""Listing photos: splits that the folders give, names in Unicode's composed form, and what is said about them."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from edge.errors import DatasetError, UsageError
from support.messages import Messages
from trainer.photos.dataset import Dataset
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.photos.folder import list_photos, photos_name
from trainer.photos.photo_files import PhotoFolder, Skipped

SPLIT = [f"{split}/{label}/{number}" for split in ("train", "test") for label in ("a", "b") for number in range(3)]


def listed(root: Path, *names: str, layout: str = "auto") -> tuple[PhotoFolder, list[str]]:
    """The folder ``root`` with a file for each relative name, and the messages without the folder's name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.fsencode(name))
    messages = Messages()
    found = list_photos(root, layout, messages)
    assert all(line.startswith(f"{root}: ") for line in messages.lines)
    return found, [line.removeprefix(f"{root}: ") for line in messages.lines]


def test_split_folders_are_the_split(tmp_path: Path) -> None:
    """Classes and splits come from the folders, and a line says so; the names of the files stay."""
    found, messages = listed(tmp_path, *SPLIT, "README.txt")
    assert found.labels == ("a", "b")
    assert {(file.relative, file.label, file.split) for file in found.files} == {
        (name, name.split("/")[1], {"train": "training", "test": "test"}[name.split("/")[0]]) for name in SPLIT
    }
    assert [file.label for file in found.files] == ["a"] * 6 + ["b"] * 6
    assert found.skipped == [Skipped("README.txt", "not in a class folder")]
    assert len(messages) == 1 and messages[0].startswith("train/ and test/ are the split; validation photos are taken")


def test_layout_classes_takes_folders_as_classes(tmp_path: Path) -> None:
    """The option gives the first folder of each path, no split and no line."""
    found, messages = listed(tmp_path, *SPLIT, layout="classes")
    assert (found.labels, messages) == (("test", "train"), [])
    assert {file.split for file in found.files} == {None}
    with pytest.raises(UsageError, match="--layout split: give auto or classes"):
        list_photos(tmp_path, "split")


def test_a_data_set_keeps_the_split_of_its_folders(tmp_path: Path) -> None:
    """The test photos are those of the test folders, and the missing part is taken from the training photos."""
    for seed, (part, count) in enumerate((("train", 12), ("test", 4))):
        list(draw_flower_folder(tmp_path / part, count, seed, size=64))
    dataset = Dataset.from_folder(tmp_path)
    assert {photo.relative.split("/")[0] for photo in dataset.of("test")} == {"test"}
    assert {photo.relative.split("/")[0] for photo in dataset.of("training")} == {"train"}
    assert {photo.relative.split("/")[0] for photo in dataset.of("validation")} == {"train"}
    assert dataset.layout == "auto"
    assert Dataset.from_folder(tmp_path, layout="classes").labels == ("test", "train")


def test_composed_and_decomposed_names_are_one_class(tmp_path: Path) -> None:
    """Two folders whose names differ in their Unicode form are one class, called by the composed name."""
    composed, decomposed = (unicodedata.normalize(form, "Gänseblümchen") for form in ("NFC", "NFD"))
    found, messages = listed(tmp_path, f"{composed}/1", f"{decomposed}/2", "Roses/3", "roses /4")
    assert found.labels == (composed, "Roses", "roses ")
    assert [file.relative for file in found.files if file.label == composed] == [f"{decomposed}/2", f"{composed}/1"]
    assert messages == ["the classes 'Roses' and 'roses ' differ in case or blanks alone; are they one class?"]


def test_what_systems_make_is_no_class_and_no_photo(tmp_path: Path) -> None:
    """Thumbnails of a network drive and the rest of an archive are neither photos nor classes."""
    found, messages = listed(
        tmp_path, "a/1", "b/2", "a/@eaDir/1/thumb.jpg", "__MACOSX/a/._1", "b/Thumbs.db", "lost+found/x", ".Trash-0/y"
    )
    assert [file.relative for file in found.files] == ["a/1", "b/2"]
    assert {entry.path: entry.reason for entry in found.skipped} == {
        ".Trash-0": "hidden",
        **dict.fromkeys(
            ("__MACOSX", "a/@eaDir", "b/Thumbs.db", "lost+found"),
            "made by a drive or a system",
        ),
    }
    assert messages == []


def test_names_of_photos_for_files(tmp_path: Path) -> None:
    """A model is named after the folder, dots included, or after a list without its suffix."""
    (tmp_path / "flowers.v2").mkdir()
    (tmp_path / "flowers.csv").touch()
    assert photos_name(tmp_path / "flowers.v2") == "flowers.v2"
    assert photos_name(tmp_path / "flowers.csv") == "flowers"


def test_a_label_has_a_largest_length(tmp_path: Path) -> None:
    """A list may give a label of any length; it is refused in a short line."""
    (tmp_path / "1.jpg").touch()
    (tmp_path / "list.csv").write_text(f"1.jpg,{'x' * 10_000}\n")
    with pytest.raises(DatasetError, match="has 10000 characters; a label has at most 255") as raised:
        list_photos(tmp_path / "list.csv")
    assert len(str(raised.value)) < 400
