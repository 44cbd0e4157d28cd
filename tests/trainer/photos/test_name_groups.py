"""Groups by names: copies as programs name them are found, and plain names never make a group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.photos.name_groups import name_groups

HASH, OTHER = "0123456789abcdef0123456789abcdef", "f" * 32
UUID, OTHER_UUID = "2c0f1234-1111-2222-3333-444455556666", "2c0f1234-1111-2222-3333-444455556667"

TOGETHER = [
    ["bobby_nohash_0.jpg", "bobby_nohash_1.jpg"],
    [f"tulip_jpg.rf.{HASH}.jpg", f"tulip_jpg.rf.{OTHER}.jpg"],
    [f"tulip_jpg.rf.{HASH}.jpg", "tulip.jpg"],
    [f"a_original_tulip.jpg_{UUID}.jpg", f"a_original_tulip.jpg_{OTHER_UUID}.jpg"],
    [f"a_original_tulip.jpg_{UUID}.jpg", "tulip.jpg"],
    ["IMG_1.JPG", "IMG_1 copy.png", "img_1 Copy 2.jpg"],
    ["IMG_1.jpg", "IMG_1 - Copy.jpg", "IMG_1 - Copy (2).jpg"],
    ["IMG_1.jpg", "IMG_1 - Kopie.jpg", "Kopie von IMG_1.jpg"],
    ["IMG_1.jpg", "Copy of IMG_1.jpg", "Copy (2) of IMG_1.jpg"],
    ["IMG_1.jpg", "IMG_1_copy.jpg", "IMG_1-copy.jpg"],
    ["IMG_1.jpg", "IMG_1-edited.jpg", "IMG_1_edited.jpg", "IMG_1-bearbeitet.jpg"],
    ["IMG_1234.HEIC", "IMG_E1234.JPG"],
    ["20240131_120000.jpg", "20240131_120000~2.jpg"],
    ["rose.jpg", "rose-300x200.jpg", "rose-scaled.jpg", "rose_thumb.jpg"],
    ["rose.jpg", "rose_aug_3.jpg", "rose_flip.jpg", "rose_flip_rot90.jpg", "rose-augmented-12.png"],
    ["Gänse\u0062lume.jpg", "Ga\u0308nseblume copy.jpg"],
    ["a.jpg", "a copy.jpg", "a copy copy.jpg"],
]

APART = [
    [f"tulip ({number}).jpg" for number in range(1, 6)],
    ["tulip.jpg", "tulip (1).jpg", "tulip (2).jpg"],
    ["images.jpg", "images (1).jpg", "images(2).jpg"],
    ["rose copy.jpg", "rose copy 2.jpg"],
    ["rose_aug_1.jpg", "rose_aug_2.jpg"],
    ["IMG_0001.jpg", "IMG_0002.jpg", "IMG_E0003.jpg"],
    ["IMG-20240131-WA0001.jpg", "IMG-20240131-WA0002.jpg"],
    ["1.jpg", "1.png"],
    ["a.jpg", "A.jpg"],
    ["hardcopy.jpg", "hard.jpg"],
    ["crop.jpg", "copy.jpg", "edited.jpg", "_nohash.jpg"],
    ["scene_0_12.jpg", "scene_0_13.jpg", "scene_0.jpg"],
    [f"tulip.rf.{HASH[:8]}.jpg", f"tulip.rf.{OTHER[:8]}.jpg"],
    ["x.rf.jpg", "x.jpg"],
]


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[-1])
def test_copies_of_a_photo_are_a_group(names: list[str]) -> None:
    """All of them are in one group, named by the first, in whatever order they come."""
    groups = name_groups([f"rose/{name}" for name in names])
    assert set(groups.values()) == {min(groups.values())}
    assert len(groups) == len(names)
    assert name_groups([f"rose/{name}" for name in reversed(names)]) == groups


@pytest.mark.parametrize("names", APART, ids=lambda names: names[0])
def test_other_names_are_no_group(names: list[str]) -> None:
    """Numbers of a folder, names that a browser gives, and words in a name say nothing."""
    paths = [f"rose/{name}" for name in names]
    assert name_groups(paths) == dict(zip(paths, paths, strict=True))


def test_only_names_of_one_folder_are_compared() -> None:
    """A copy in another folder has another photo's name."""
    paths = ["rose/a.jpg", "rose/old/a copy.jpg", "tulip/a copy.jpg", f"tulip/a_jpg.rf.{HASH}.jpg"]
    assert set(name_groups(paths).values()) == set(paths)


PLAIN = st.text(st.sampled_from("abyzÄé 0189-_()."), min_size=1, max_size=12).filter(lambda name: name.strip(". "))


@given(st.sets(PLAIN, min_size=1, max_size=20))
def test_plain_names_are_never_a_group(stems: set[str]) -> None:
    """Letters, digits and signs without a word for a copy: every photo is alone."""
    paths = [f"rose/{stem}.jpg" for stem in stems if "x" not in stem]
    assert set(name_groups(paths).values()) == set(paths)


NAMES = st.text(st.characters(exclude_characters="/\0") | st.sampled_from("\udc80 _-.()0"), min_size=1, max_size=15)
WORDS = st.sampled_from(["", " copy", "_aug_1", "-edited", "_nohash_", f".rf.{HASH}", " - Kopie (2)", "~2", "_flip"])


@given(st.sets(st.builds(lambda name, *words: name + "".join(words), NAMES, WORDS, WORDS), max_size=20))
def test_any_names(names: set[str]) -> None:
    """Whatever the names: each photo has a group, the group's photo is its own, and the order changes nothing."""
    paths = [f"rose/{name}.jpg" for name in names]
    groups = name_groups(paths)
    assert groups.keys() == set(paths)
    assert all(groups[group] == group for group in groups.values())
    assert name_groups(sorted(paths)) == groups
