"""A folder of photos as a data set: what is used, what is skipped, and what is said of it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatasetError
from trainer.photos.dataset import Dataset, assemble
from trainer.photos.folder import list_photos
from trainer.photos.photo_files import PhotoFile, PhotoFolder, Skipped
from trainer.photos.reading import Contents
from trainer.photos.split import SPLITS, SplitRatios

RATIOS = SplitRatios(20, 20)


def fill(root: Path, *names: str) -> Path:
    """Write a file for each relative name; its content is the name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.fsencode(name))
    return root


def relatives(folder: PhotoFolder) -> list[str]:
    """The relative paths of a folder's files."""
    return [file.relative for file in folder.files]


def dataset_of(contents: dict[str, str | None], training: bool = True) -> Dataset:
    """The data set of files given as relative path -> content; None for one that cannot be decoded."""
    files = sorted(contents)
    found = [PhotoFile(Path(name), name, name.split("/")[0]) for name in files]
    folder = PhotoFolder(Path("root"), tuple(sorted({file.label for file in found})), found, [])
    hashes = {name: hashlib.sha256(content.encode()).digest() for name, content in contents.items() if content}
    unreadable = {name: "damaged" for name, content in contents.items() if content is None}
    return assemble(folder, Contents(hashes, unreadable), RATIOS, training=training)


def hashes_of(folder: PhotoFolder) -> Contents:
    """The contents of files that need not be pictures."""
    return Contents({file.relative: hashlib.sha256(file.path.read_bytes()).digest() for file in folder.files}, {})


def test_class_folders_become_labels_in_order(tmp_path: Path) -> None:
    """One folder is one class; labels and files are sorted by name."""
    folder = list_photos(fill(tmp_path, "tulip/b.jpg", "rose/2.jpg", "rose/10.jpg", "tulip/a"))
    assert folder.labels == ("rose", "tulip")
    assert relatives(folder) == ["rose/10.jpg", "rose/2.jpg", "tulip/a", "tulip/b.jpg"]
    assert folder.skipped == []


def test_nested_folders_belong_to_their_class(tmp_path: Path) -> None:
    """Photos any depth below a class folder are photos of that class."""
    folder = list_photos(fill(tmp_path, "rose/red/may/1.jpg", "rose/2.jpg", "tulip/deep/er/3.jpg"))
    assert [(c.label, c.relative) for c in folder.files] == [
        ("rose", "rose/2.jpg"),
        ("rose", "rose/red/may/1.jpg"),
        ("tulip", "tulip/deep/er/3.jpg"),
    ]


def test_stray_hidden_and_empty_entries_are_named(tmp_path: Path) -> None:
    """What is skipped is named with its reason, and nothing else is."""
    fill(tmp_path, "rose/1.jpg", "rose/.DS_Store", ".git/config", "LICENSE.txt", "tulip/.hidden/2.jpg", "tulip/3.jpg")
    (tmp_path / "empty").mkdir()
    (tmp_path / "hollow" / "inside").mkdir(parents=True)
    folder = list_photos(tmp_path)
    assert relatives(folder) == ["rose/1.jpg", "tulip/3.jpg"]
    assert sorted(folder.skipped) == [
        Skipped(".git", "hidden"),
        Skipped("LICENSE.txt", "not in a class folder"),
        Skipped("empty", "an empty class folder"),
        Skipped("hollow", "an empty class folder"),
        Skipped("rose/.DS_Store", "hidden"),
        Skipped("tulip/.hidden", "hidden"),
    ]


@pytest.mark.parametrize(
    ("link", "target"), [("rose/loop", "."), ("rose/loop", "rose"), ("rose/red/loop", "rose"), ("loop", ".")]
)
def test_link_back_to_a_folder_above_is_named_and_not_followed(tmp_path: Path, link: str, target: str) -> None:
    """A link loop, even to the data set's own root, adds no photo to any class."""
    fill(tmp_path, "rose/red/1.jpg", "tulip/2.jpg")
    (tmp_path / link).symlink_to(tmp_path / target, target_is_directory=True)
    folder = list_photos(tmp_path)
    assert relatives(folder) == ["rose/red/1.jpg", "tulip/2.jpg"]
    assert folder.skipped == [Skipped(link, "a link back to a folder above it")]


def test_links_to_photos_and_folders_elsewhere_are_followed(tmp_path: Path) -> None:
    """A data set may be made of links."""
    store = fill(tmp_path / "store", "a.jpg", "more/b.jpg")
    root = fill(tmp_path / "root", "tulip/1.jpg")
    (root / "rose").mkdir()
    (root / "rose" / "a.jpg").symlink_to(store / "a.jpg")
    (root / "rose" / "more").symlink_to(store / "more", target_is_directory=True)
    assert relatives(list_photos(root)) == ["rose/a.jpg", "rose/more/b.jpg", "tulip/1.jpg"]


def test_broken_links_pipes_and_self_links_are_named(tmp_path: Path) -> None:
    """What is not a file is skipped with a reason; nothing waits for a pipe's writer."""
    fill(tmp_path, "rose/1.jpg")
    (tmp_path / "rose" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    os.mkfifo(tmp_path / "rose" / "pipe.jpg")
    assert dict(list_photos(tmp_path).skipped) == {
        "rose/gone.jpg": "cannot be read: No such file or directory",
        "rose/pipe.jpg": "not a regular file",
        "self": "cannot be read: Too many levels of symbolic links",
    }


def test_file_names_that_are_not_utf8_are_photos_like_others(tmp_path: Path) -> None:
    """A Latin-1 name is listed, and has a place in the split."""
    for index in range(3):
        fill(tmp_path, f"rose/{index}.jpg", f"tulip/{index}.jpg")
    (tmp_path / os.fsdecode(b"rose/caf\xe9.jpg")).write_bytes(b"coffee")
    folder = list_photos(tmp_path)
    assert "rose/caf\udce9.jpg" in relatives(folder)
    dataset = assemble(folder, hashes_of(folder), RATIOS)
    assert len(dataset.photos) == 7
    assert {photo.split for photo in dataset.photos if photo.relative.startswith("rose/caf")} <= set(SPLITS)


@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines"])
def test_class_name_that_cannot_be_a_label_is_refused_by_name(tmp_path: Path, name: bytes) -> None:
    """A folder name that would not survive as a line of text is refused before training, in one line."""
    fill(tmp_path, "rose/1.jpg", os.fsdecode(name) + "/2.jpg")
    with pytest.raises(DatasetError, match="cannot be a label; rename it") as error:
        list_photos(tmp_path)
    assert "\n" not in str(error.value)
    assert ascii(os.fsdecode(name)) in str(error.value)


@pytest.mark.parametrize("content", [(), (".hidden/1.jpg",), ("rose/.hidden.jpg",)])
def test_folder_without_photos_is_refused(tmp_path: Path, content: tuple[str, ...]) -> None:
    """An empty folder, or one with nothing in class folders, says what belongs into it."""
    with pytest.raises(DatasetError, match="no photos in it; put the photos of each class into a folder named after"):
        list_photos(fill(tmp_path, *content))


def test_photos_without_a_class_folder_are_refused(tmp_path: Path) -> None:
    """The folder of one class in place of the folder above it says so."""
    with pytest.raises(DatasetError, match=r"in no class folder; put .*; if it is itself the folder of a class, give"):
        list_photos(fill(tmp_path, "1.jpg", "2.jpg"))


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    """A folder that is not there is a data error with its name."""
    with pytest.raises(DatasetError, match="nowhere: no such folder"):
        list_photos(tmp_path / "nowhere")


def test_same_bytes_in_one_class_count_once() -> None:
    """Of equal photos the first by path stays and the others are named with it."""
    contents = {f"rose/{index}": f"r{index}" for index in range(4)} | {f"tulip/{index}": f"t{index}" for index in "012"}
    dataset = dataset_of(contents | {"rose/a": "r2", "rose/b": "r2"})
    assert [photo.relative for photo in dataset.photos] == sorted(contents)
    assert dataset.skipped == [
        Skipped("rose/a", "the same photo as rose/2"),
        Skipped("rose/b", "the same photo as rose/2"),
    ]


def test_same_bytes_in_two_classes_are_left_out_and_named() -> None:
    """A photo that contradicts itself teaches nothing: every copy of it is left out."""
    contents: dict[str, str | None] = {f"{label}/{index}": f"{label}{index}" for label in "abc" for index in range(3)}
    dataset = dataset_of(contents | {"a/same": "x", "b/same": "x", "a/again": "x"})
    assert [photo.relative for photo in dataset.photos] == sorted(contents)
    assert {entry.path for entry in dataset.skipped} == {"a/same", "a/again", "b/same"}
    assert {entry.reason for entry in dataset.skipped} == {"the same photo is in a and b; keep it in one"}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.integers(0, 30)).map(lambda key: f"{key[0]}/{key[1]}"),
        st.one_of(st.none(), st.integers(0, 20).map(str)),
        min_size=1,
    )
)
def test_every_file_is_used_once_or_named_once(contents: dict[str, str | None]) -> None:
    """Photos and skipped entries together are all files, and no content is used twice."""
    dataset = dataset_of(contents, training=False)
    used = [photo.relative for photo in dataset.photos]
    named = [entry.path for entry in dataset.skipped if "/" in entry.path]
    assert sorted(used + named) == sorted(contents)
    hashes = [photo.sha256 for photo in dataset.photos]
    assert len(set(hashes)) == len(hashes)
    assert used == sorted(used)
    assert dataset.labels == tuple(sorted({photo.label for photo in dataset.photos}))


def test_class_whose_files_are_all_bad_is_no_label() -> None:
    """A folder of text files does not become a class that the model can never name."""
    contents: dict[str, str | None] = {f"{label}/{index}": f"{label}{index}" for label in "ab" for index in range(3)}
    dataset = dataset_of(contents | {"notes/1": None})
    assert dataset.labels == ("a", "b")
    assert dataset.skipped == [Skipped("notes", "no usable photo in it"), Skipped("notes/1", "damaged")]


def test_one_class_only_cannot_train_but_can_evaluate() -> None:
    """Training needs two classes; an evaluation does not."""
    contents: dict[str, str | None] = {f"rose/{index}": str(index) for index in range(9)}
    with pytest.raises(DatasetError, match="training needs photos of at least two classes, found only 'rose'"):
        dataset_of(contents)
    assert len(dataset_of(contents, training=False).photos) == 9
    with pytest.raises(DatasetError, match="found none"):
        dataset_of({"rose/1": None})


def test_photos_all_alike_are_named_where_training_has_none_left() -> None:
    """If one photo was copied into every folder, or many times into one, the message says why there are too few."""
    alike: dict[str, str | None] = {f"{label}/{index}": "same" for label in "ab" for index in range(3)}
    with pytest.raises(DatasetError) as raised:
        dataset_of(alike)
    assert str(raised.value).endswith("found none (6 skipped: a/0: the same photo is in a and b; keep it in one, ...)")
    copies: dict[str, str | None] = {f"a/{index}": "same" for index in range(5)}
    with pytest.raises(DatasetError, match=r"'a' has too few photos \(1\).*\(4 skipped: a/1: the same photo as a/0"):
        dataset_of(copies | {f"b/{index}": f"b{index}" for index in range(9)})


def test_counts_and_splits_agree() -> None:
    """Counting by class and split and folder a split agree."""
    dataset = dataset_of({f"{label}/{index}": f"{label}{index}" for label in "ab" for index in range(20)})
    counts = dataset.counts()
    assert sum(counts["a"].values()) == sum(counts["b"].values()) == 20
    for split in SPLITS:
        assert len(dataset.of(split)) == counts["a"][split] + counts["b"][split]
        assert counts["a"][split] >= 1


def test_moving_the_folder_keeps_the_split(tmp_path: Path) -> None:
    """The split depends on paths relative to the root, so the root may be renamed."""
    names = [f"{label}/{index}.jpg" for label in ("rose", "tulip") for index in range(20)]
    splits = []
    for root in (tmp_path / "here", tmp_path / "there" / "moved"):
        folder = list_photos(fill(root, *names))
        dataset = assemble(folder, hashes_of(folder), RATIOS)
        splits.append({photo.relative: photo.split for photo in dataset.photos})
    assert splits[0] == splits[1]
    assert len(splits[0]) == 40


def grouped(*groups: str, classes: tuple[str, ...] = ("daisy", "rose")) -> Dataset:
    """A data set of one photo a letter in each class; equal letters of a class are one group."""
    names = {f"{label}/{place:02}.jpg": f"{label}/{group}" for label in classes for group, place in _places(groups)}
    files = [PhotoFile(Path(name), name, name.split("/")[0]) for name in names]
    folder = PhotoFolder(Path("root"), classes, files, [])
    contents = Contents({name: hashlib.sha256(name.encode()).digest() for name in names}, {})
    return assemble(folder, contents, RATIOS, groups=names)


def _places(groups: tuple[str, ...]) -> list[tuple[str, int]]:
    letters = "".join(groups)
    return [(letter, place) for place, letter in enumerate(letters)]


def test_groups_are_counted_and_listed_by_size() -> None:
    """Eight photos a class in five groups: ten independent ones; groups of one are not listed."""
    dataset = grouped("aaabbcde")
    assert (len(dataset.photos), dataset.independent) == (16, 10)
    assert [len(group) for group in dataset.groups()] == [3, 3, 2, 2]
    assert {photo.group for photo in dataset.groups()[0]} == {"daisy/a"}


def test_groups_never_cross_splits() -> None:
    """With three groups or more, the test photos depend on no other photo and all of them show the accuracy."""
    dataset = grouped("aaabbcde")
    splits = {(photo.group, photo.split) for photo in dataset.photos}
    assert len(splits) == dataset.independent
    assert dataset.has_evidence
    assert dataset.without_evidence == []
    assert dataset.test_photos == dataset.of("test")


def test_without_enough_groups_nothing_is_shown() -> None:
    """Each class is one scene: all splits have photos, but the test photos prove nothing."""
    dataset = grouped("aaaaaaaa")
    assert {photo.split for photo in dataset.photos} == {"training", "validation", "test"}
    assert not dataset.has_evidence
    assert dataset.without_evidence == ["daisy", "rose"]
    assert dataset.test_photos == dataset.of("test") != []
