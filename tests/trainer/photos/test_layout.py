"""Layouts of folders of photos: split folders, a folder around everything, and names that are nearly the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trainer.photos.layout import ABOVE, INSIDE, Layout, Place, recognise, split_of
from trainer.photos.layout_messages import alike_messages, layout_messages


def photos(*folders: str, count: int = 3) -> list[str]:
    """The paths of ``count`` photos in each of these folders."""
    return [f"{folder}/{number}.jpg" for folder in folders for number in range(count)]


def below(tops: list[str], classes: list[str]) -> list[str]:
    """Every pair of these folders, one inside the other."""
    return [f"{top}/{label}" for top in tops for label in classes]


FLOWERS = ["daisy", "roses"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *[(name, "training") for name in ("train", "training", "Train", "TRAINING")],
        *[(name, "validation") for name in ("val", "valid", "validation", "Val ")],
        *[(name, "test") for name in ("test", "testing", "eval", "TEST")],
        *[(name, None) for name in ("trains", "tests", "dev", "invalid", "", "daisy")],
    ],
)
def test_names_of_splits(name: str, split: str | None) -> None:
    """The known names stand for a split in any case; no other name does."""
    assert split_of(name) == split


@pytest.mark.parametrize(
    ("paths", "layout"),
    [
        (photos(*FLOWERS), Layout()),
        (photos(*below(["train", "valid", "test"], FLOWERS)), Layout((), ABOVE)),
        (photos(*below(["Training", "EVAL"], FLOWERS)), Layout((), ABOVE)),
        (photos(*below(["train"], FLOWERS)), Layout((), ABOVE)),
        (photos(*below(["test"], ["daisy"])), Layout((), ABOVE)),
        # One class is missing in the test photos, and two have another case.
        (photos("train/a", "train/b", "train/c", "test/A", "test/B"), Layout((), ABOVE)),
        (photos(*below(["train/images", "valid/images"], FLOWERS)), Layout((), ABOVE, ("images",))),
        (photos(*below(["flowers/train", "flowers/test"], FLOWERS)), Layout(("flowers",), ABOVE)),
        (photos(*below(FLOWERS, ["train", "test"])), Layout((), INSIDE)),
        (photos(*below(["flowers/daisy", "flowers/roses"], ["Train", "Val"])), Layout(("flowers",), INSIDE)),
        (photos("daisy/train", "daisy/test", "roses/train"), Layout((), INSIDE)),
        (photos(*below(["flowers"], FLOWERS)), Layout(("flowers",))),
        (photos(*below(["a/b/c"], FLOWERS)), Layout(("a", "b", "c"))),
        ([*photos(*below(["flowers"], FLOWERS)), "flowers/title.jpg", "title.jpg"], Layout(("flowers",))),
        # Files that services and programs write beside the photos.
        (
            [*photos(*below(["train", "test"], FLOWERS)), "README.roboflow.txt", "data.yaml", "train/_classes.csv"],
            Layout((), ABOVE),
        ),
        ([*photos(*below(["train", "test"], FLOWERS)), "labels/daisy/1.txt"], Layout((), ABOVE)),
    ],
)
def test_layouts_that_are_recognised(paths: list[str], layout: Layout) -> None:
    """What is a split and what is a class follows from the names of the folders."""
    assert recognise(paths) == layout
    assert recognise(paths[::-1]) == layout


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (photos("train", "test"), "train/ and test/ are classes, not the split, because most photos are not in class"),
        (
            photos("train/a", "train/b", "test/c", "test/d"),
            "train/ and test/ are classes, not the split, because their class folders differ",
        ),
        (
            photos(*below(["train", "test", "pred"], FLOWERS)),
            "train/ and test/ are classes, not the split, because other folders are beside them: pred",
        ),
        (
            photos("daisy/train", "daisy/test", "roses"),
            "train/ and test/ in daisy/ are not the split: every class folder would need them",
        ),
        (photos("daisy/train", "daisy/test", "roses/old", "roses/train"), "train/ and test/ in daisy/ are not the"),
    ],
)
def test_splits_that_are_doubtful_are_classes_with_a_message(paths: list[str], message: str) -> None:
    """If the folders do not agree, nothing is guessed, and a line says why."""
    layout = recognise(paths)
    assert layout == Layout()
    assert layout_messages(paths, layout)[-1].startswith(message)


def test_few_photos_beside_class_folders_do_not_matter() -> None:
    """A photo that lies beside the class folders of a split has no place; beside split folders it has no split."""
    paths = [*photos(*below(["train", "test"], FLOWERS)), "train/title.jpg"]
    assert recognise(paths).place("train/title.jpg") is None
    paths = [*photos(*below(FLOWERS, ["train", "test"])), "daisy/title.jpg"]
    assert recognise(paths).place("daisy/title.jpg") == Place("daisy")


def test_a_class_called_train_is_a_class() -> None:
    """One folder with a split's name among others is a class like them, without a message."""
    paths = photos("train", "car", "bus")
    assert recognise(paths) == Layout()
    assert layout_messages(paths, Layout()) == []


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (
            ["train/daisy/1", "test/roses/x/2", "train/roses/3", "test/daisy/4"],
            ["training", "test", "training", "test"],
        ),
        (
            ["daisy/train/1", "roses/test/x/2", "roses/train/3", "daisy/test/4"],
            ["training", "test", "training", "test"],
        ),
        (["daisy/1", "roses/x/2", "roses/3"], [None, None, None]),
    ],
)
def test_places(paths: list[str], places: list[str | None]) -> None:
    """Each file has the class and the split of its folders; deeper folders belong to their class."""
    layout = recognise(paths)
    found = [layout.place(path) for path in paths]
    assert [place.split for place in found if place] == places
    assert [place.label for place in found if place] == ["daisy" if "daisy" in path else "roses" for path in paths]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (photos(*FLOWERS), []),
        (
            photos(*below(["Train", "val", "test"], FLOWERS)),
            ["Train/, val/ and test/ are the split; --layout classes takes them as classes"],
        ),
        (
            photos(*below(["flowers/train"], FLOWERS)),
            [
                "flowers/train/ is the split; validation and test photos are taken from the training photos; "
                "--layout classes takes them as classes"
            ],
        ),
        (photos(*below(["test"], FLOWERS)), ["test/ is the split; --layout classes takes them as classes"]),
        (
            photos(*below(FLOWERS, ["train", "test"])),
            [
                "train/ and test/ in each class folder are the split; validation photos are taken from the training "
                "photos; --layout classes takes all photos of a class together"
            ],
        ),
        (
            photos(*below(["flowers"], FLOWERS)),
            ["the classes are the folders in flowers/: daisy, roses; --layout classes takes flowers/ as a class"],
        ),
        (
            photos("daisy", "roses/red/may"),
            [
                "photos in deeper folders belong to the class of the first folder, for example those in "
                "roses/red/may/ to roses/"
            ],
        ),
    ],
)
def test_messages(paths: list[str], message: list[str]) -> None:
    """One line says what was recognised, and how to read the folders in another way."""
    assert layout_messages(paths, recognise(paths)) == message


def test_messages_are_short_whatever_the_names_are() -> None:
    """Long names are shortened, and of many only the first are named."""
    for paths in (
        photos(*(f"flowers/{letter * 250}" for letter in "abcdefghijkl")),
        photos(*below([f"{'x' * 250}/train"], [letter * 250 for letter in "abcdefghijkl"])),
        photos("train/a", "test/b", *(letter * 250 for letter in "abcdefghijkl")),
    ):
        (message, *others) = layout_messages(paths, recognise(paths))
        assert max(map(len, [message, *others])) < 1000
    assert len(alike_messages([f"{'x' * 250}{i}{end}" for i in range(40) for end in ("", " ")])[0]) < 2000


def test_names_that_are_one_to_the_eye() -> None:
    """Composed and decomposed names are one class; names that differ in case or blanks get a question."""
    composed, decomposed = (unicodedata.normalize(form, "Gänseblümchen") for form in ("NFC", "NFD"))
    layout = recognise([f"{composed}/1.jpg", f"{decomposed}/2.jpg"])
    assert layout.place(f"{decomposed}/2.jpg") == Place(composed)
    assert alike_messages([composed, "roses"]) == []
    assert alike_messages(["Roses", "roses ", "tulips"]) == [
        "the classes 'Roses' and 'roses ' differ in case or blanks alone; are they one class?"
    ]


NAMES = st.sampled_from(["train", "Test", "val", "valid", "eval", "a", "b", "c", "images", "é", "e\u0301", "x" * 60])
ENDINGS = st.sampled_from(["1.jpg", "2.png", "readme.txt", "data.yaml", "x"])
PATHS = st.lists(
    st.tuples(st.lists(NAMES, max_size=4), ENDINGS).map(lambda path: "/".join([*path[0], path[1]])),
    min_size=1,
    max_size=25,
    unique=True,
)


@given(PATHS)
@example(["1.jpg"])
@example(["train/1.jpg"])
@example(["a/train/1.jpg", "train/a/1.jpg"])
def test_any_folders_have_a_layout(paths: list[str]) -> None:
    """Whatever the folders are: a layout, the same in any order, with a class below every place and short messages."""
    layout = recognise(paths)
    assert layout == recognise(sorted(paths, reverse=True))
    for path in paths:
        place = layout.place(path)
        if place is not None:
            folders = [unicodedata.normalize("NFC", name) for name in path.split("/")[:-1]]
            assert place.label in folders
            if place.split is not None:
                assert layout.splits is not None
                assert place.split in {split_of(name) for name in folders}
        elif layout == Layout():
            assert "/" not in path
    assert all(0 < len(message) < 1000 for message in layout_messages(paths, layout))
