"""Which photos a model has seen."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from trainer.evaluation.seen_photos import SeenPhotos, count_seen, sights
from trainer.photos.dataset import Photo
from trainer.photos.photo_hashes import PhotoHashes


def photo(name: str, group: str | None = None) -> Photo:
    """A photo whose content is its name."""
    return Photo(Path(name), name, "rose", hashlib.sha256(name.encode()).digest(), "test", group or name)


@given(st.lists(st.tuples(st.sampled_from([None, "training", "validation"]), st.sampled_from("abcdef")), max_size=30))
def test_sights_are_those_of_hashes_and_groups(wanted: list[tuple[str | None, str]]) -> None:
    """A photo is what its hash says; without one, it is dependent exactly if a photo of its group was seen."""
    photos = [photo(f"{place}.jpg", group) for place, (_, group) in enumerate(wanted)]
    sets = {
        split: [each.sha256 for each, (split_of, _) in zip(photos, wanted, strict=True) if split_of == split]
        for split in ("training", "validation")
    }
    found = sights(PhotoHashes.of(sets["training"], sets["validation"]), photos)
    seen_groups = {group for split, group in wanted if split}
    assert found == [split or ("dependent" if group in seen_groups else "test") for split, group in wanted]
    counts = count_seen(found)
    assert counts.photos == len(photos)
    assert counts.unseen == found.count("test")
    assert counts.trained == len(sets["training"])


def test_the_name_of_a_photo_does_not_matter() -> None:
    """Renamed, in another class and another split, a photo is the one that was seen."""
    old = photo("a.jpg")
    moved = old._replace(path=Path("tulip/b.png"), relative="tulip/b.png", label="tulip", group="tulip/b.png")
    assert sights(PhotoHashes.of([old.sha256], []), [moved, photo("c.jpg")]) == ["training", "test"]


def test_the_counts_in_words() -> None:
    """What is zero is not said, but for the number of training photos."""
    assert SeenPhotos(91, 84, 0, 0).text("the model") == "84 of these 91 photos trained the model"
    assert SeenPhotos(1, 1, 0, 0).text("the model") == "1 of 1 photo trained the model"
    assert SeenPhotos(1091, 0, 1003, 2).text("the first model") == (
        "0 of these 1,091 photos trained the first model, 1,003 chose its settings, 2 depend on these (copies, or "
        "shots of one scene)"
    )
