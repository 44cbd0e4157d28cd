"""The classes that models and a folder share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatasetError
from trainer.evaluation.shared_classes import share_classes, some_names
from trainer.photos.dataset import Photo


def listed(*labels: str) -> list[Photo]:
    """One photo of each of ``labels``."""
    names = [f"{label}/{place}.jpg" for place, label in enumerate(labels)]
    return [Photo(Path(name), name, label, b"", "test", name) for name, label in zip(names, labels, strict=True)]


def test_photos_of_shared_classes_are_kept() -> None:
    """The others are counted by class; labels without a photo are named."""
    found = share_classes(listed("rose", "aster", "aster", "tulip"), [("daisy", "rose", "tulip")])
    assert [photo.label for photo in found.photos] == ["rose", "tulip"]
    assert (found.unknown, found.without_photos) == ({"aster": 2}, ["daisy"])
    assert found.message() == (
        "the model has no label for aster: 2 photos not evaluated; the folder has no photo of daisy"
    )


def test_all_shared_needs_no_message() -> None:
    """Nothing is said if there is nothing to say."""
    found = share_classes(listed("rose", "tulip"), [("tulip", "rose")])
    assert (found.unknown, found.without_photos, found.message()) == ({}, [], None)


def test_a_class_must_be_a_label_of_both_models() -> None:
    """Two models are compared on what both can answer."""
    found = share_classes(listed("rose", "tulip", "aster"), [("rose", "tulip"), ("aster", "rose", "daisy")])
    assert [photo.label for photo in found.photos] == ["rose"]
    assert found.message(2) == (
        "not both models have a label for aster, tulip: 2 photos not evaluated; the folder has no photo of daisy"
    )


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("G\u00e4nsebl\u00fcmchen", "Ga\u0308nseblu\u0308mchen"),
        ("Ga\u0308nseblu\u0308mchen", "G\u00e4nsebl\u00fcmchen"),
    ],
)
def test_composed_and_decomposed_names_are_equal(label: str, folder: str) -> None:
    """On macOS the names of files are decomposed; the photos come with the composed class."""
    found = share_classes(listed(folder, "rose"), [(label, "rose")])
    assert [photo.label for photo in found.photos] == ["G\u00e4nsebl\u00fcmchen", "rose"]
    assert found.message() is None


def test_case_and_blanks_make_another_class() -> None:
    """Only Unicode's forms are equal: Rose is not rose."""
    assert share_classes(listed("rose", "Rose"), [("rose",)]).unknown == {"Rose": 1}


def test_no_shared_class_is_an_error_with_both_lists() -> None:
    """The line names some classes and some labels, and how many more there are."""
    photos = listed(*(f"class {number}" for number in range(9)))
    with pytest.raises(DatasetError) as caught:
        share_classes(photos, [tuple(f"label {number}" for number in range(300))])
    assert str(caught.value) == (
        "the folder and the model share no class: the folder has class 0, class 1, class 2, class 3, class 4 and 4 "
        "more; the labels are label 0, label 1, label 10, label 100, label 101 and 295 more; name the folders as the "
        "labels"
    )
    with pytest.raises(DatasetError, match=r"the two models share no class: .* the labels are different in each model"):
        share_classes(photos, [("a",), ("b",)])


def test_a_folder_without_photos_has_no_classes_to_share() -> None:
    """The error for this is raised where photos are evaluated."""
    assert share_classes([], [("a",)]) == ([], {}, [])


@given(st.lists(st.text(max_size=200), max_size=2000))
def test_a_list_of_names_is_short(names: list[str]) -> None:
    """Whatever the names are, a line has a largest length."""
    assert len(some_names(names)) <= 5 * (40 + 2) + 12
