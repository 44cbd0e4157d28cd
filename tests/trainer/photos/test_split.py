"""The split of photos into training, validation and test sets."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatasetError, UsageError
from trainer.photos.name_groups import name_groups
from trainer.photos.split import (
    SPLITS,
    TEST,
    TRAINING,
    VALIDATION,
    GroupedPhoto,
    SplitRatios,
    assign_splits,
    dependent,
    photo_group,
    split_position,
)

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0") | st.sampled_from("\udc80\udcff"), min_size=1, max_size=8
)
PHOTOS = st.sets(NAMES, min_size=3, max_size=40).map(lambda names: [("rose", f"rose/{name}") for name in names])
PERCENT = st.floats(1, 44)
RATIOS = st.builds(SplitRatios, PERCENT, PERCENT, st.integers(0, 99))


def split_of(photos: list[tuple[str, str]], ratios: SplitRatios, strict: bool = True) -> dict[str, str]:
    """The splits of photos given as (label, relative path), in the groups that their names show."""
    groups = name_groups([relative for _, relative in photos])
    return assign_splits(
        [GroupedPhoto(relative, label, groups[relative]) for label, relative in photos], ratios, strict
    )


def natural_split(relative: str, ratios: SplitRatios) -> str:
    """The split that a photo's own path gives, before any lending."""
    position = split_position(photo_group(relative), ratios.seed)
    if position < ratios.validation_percentage / 100:
        return VALIDATION
    return TEST if position >= 1 - ratios.testing_percentage / 100 else TRAINING


def groups_of(photos: list[tuple[str, str]]) -> set[str]:
    """The distinct groups of some photos."""
    return {photo_group(relative) for _, relative in photos}


@given(PHOTOS, PHOTOS, RATIOS)
def test_adding_photos_moves_only_what_was_lent(
    old: list[tuple[str, str]], new: list[tuple[str, str]], ratios: SplitRatios
) -> None:
    """A photo keeps its split when others join, unless it was or is lent to a set that would be empty."""
    before = split_of(old, ratios, strict=False)
    after = split_of(sorted({*old, *new}), ratios, strict=False)
    for relative, split in before.items():
        if split == natural_split(relative, ratios) and after[relative] != split:
            lent = after[relative]
            others = [natural_split(photo, ratios) for photo in after if photo_group(photo) != photo_group(relative)]
            assert lent not in others, "only a set with no photo of its own borrows"


@given(PHOTOS, RATIOS, st.randoms(use_true_random=False))
def test_split_does_not_depend_on_the_order_of_photos(photos: list[tuple[str, str]], ratios: SplitRatios, mix) -> None:
    """Listing the folder in another order gives the same split."""
    mixed = photos.copy()
    mix.shuffle(mixed)
    assert split_of(mixed, ratios, strict=False) == split_of(photos, ratios, strict=False)


@given(PHOTOS, RATIOS)
def test_every_class_of_three_photos_is_in_every_split(photos: list[tuple[str, str]], ratios: SplitRatios) -> None:
    """With three photos or more no split of a class is empty, whatever their groups are."""
    assert set(split_of(photos, ratios).values()) == set(SPLITS)


@given(PHOTOS, RATIOS)
def test_lending_takes_from_the_training_set_and_no_more_than_needed(
    photos: list[tuple[str, str]], ratios: SplitRatios
) -> None:
    """If every set has a photo of its own, each photo is in the set that its path gives."""
    natural = {relative: natural_split(relative, ratios) for _, relative in photos}
    if set(natural.values()) == set(SPLITS):
        assert split_of(photos, ratios, strict=False) == natural


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, min_size=1, max_size=4)), min_size=3, max_size=12), RATIOS)
def test_nohash_groups_stay_together(shots: list[tuple[str, list[str]]], ratios: SplitRatios) -> None:
    """Photos whose names are equal up to _nohash_ share a split, whatever follows."""
    photos = sorted({("rose", f"rose/{stem}_nohash_{end}") for stem, ends in shots for end in ends})
    if len(groups_of(photos)) < 3:
        return
    splits = split_of(photos, ratios, strict=False)
    together: dict[str, set[str]] = {}
    for relative, split in splits.items():
        together.setdefault(relative.split("_nohash_")[0], set()).add(split)
    assert all(len(found) == 1 for found in together.values())


def test_nohash_counts_in_the_file_name_only() -> None:
    """A folder called a_nohash_b does not tie the photos in it together."""
    assert photo_group("rose/a_nohash_b/1.jpg") == "rose/a_nohash_b/1.jpg"
    assert photo_group("rose/a_nohash_b.jpg") == "rose/a"
    assert photo_group("rose/plain.jpg") == "rose/plain.jpg"


@given(PHOTOS, st.integers(0, 9), PERCENT, PERCENT, PERCENT)
def test_changing_one_percentage_leaves_the_other_outer_set_alone(
    photos: list[tuple[str, str]], seed: int, validation: float, testing: float, other: float
) -> None:
    """More validation photos never come out of the test set, nor the other way round."""

    def members(split: str, ratios: SplitRatios) -> set[str]:
        return {relative for _, relative in photos if natural_split(relative, ratios) == split}

    first, second = SplitRatios(validation, testing, seed), SplitRatios(other, testing, seed)
    if all(members(split, ratios) for split in SPLITS for ratios in (first, second)):
        before, after = split_of(photos, first, False), split_of(photos, second, False)
        for relative in before:
            assert (before[relative] == TEST) == (after[relative] == TEST)
    first, second = SplitRatios(validation, testing, seed), SplitRatios(validation, other, seed)
    if all(members(split, ratios) for split in SPLITS for ratios in (first, second)):
        before, after = split_of(photos, first, False), split_of(photos, second, False)
        for relative in before:
            assert (before[relative] == VALIDATION) == (after[relative] == VALIDATION)


def test_shares_come_near_the_percentages() -> None:
    """Of 5,000 photos, 12 and 30 percent are 600 and 1,500, within three deviations."""
    photos = [("rose", f"rose/{index}.jpg") for index in range(5000)]
    counts = Counter(split_of(photos, SplitRatios(12, 30)).values())
    assert abs(counts[VALIDATION] - 600) < 69
    assert abs(counts[TEST] - 1500) < 98


def test_another_seed_gives_another_split() -> None:
    """Two seeds agree on a photo no more often than chance (0.66 for 10/10/80)."""
    photos = [("rose", f"rose/{index}.jpg") for index in range(2000)]
    first, second = (split_of(photos, SplitRatios(10, 10, seed)) for seed in (0, 1))
    agreement = sum(first[relative] == second[relative] for relative in first) / len(first)
    assert 0.6 < agreement < 0.72


def test_positions_are_pinned() -> None:
    """The hash behind the split never changes: a change would split all data sets again."""
    assert split_position("daisy/1.jpg", 0) == pytest.approx(0.9282643, abs=1e-7)
    assert split_position(photo_group("daisy/1_nohash_a.jpg"), 0) == pytest.approx(0.4735706, abs=1e-7)
    assert split_position("daisy/1.jpg", 1) != split_position("daisy/1.jpg", 0)


def test_too_few_photos_names_the_class_and_the_count() -> None:
    """The error says which class has too few, how many it has and what to do."""
    photos = [("rose", f"rose/{index}.jpg") for index in range(9)] + [
        ("tulip", "tulip/1.jpg"),
        ("tulip", "tulip/2.jpg"),
    ]
    with pytest.raises(DatasetError, match=r"class 'tulip' has too few photos \(2\): add photos .* at least 3"):
        split_of(photos, SplitRatios())


def test_a_class_of_one_group_is_split_by_photo() -> None:
    """Ten shots of one flower are trained on, but none of its test photos is independent."""
    roses = [GroupedPhoto(f"rose/{index}.jpg", "rose", "rose/0.jpg") for index in range(10)]
    tulips = [GroupedPhoto(f"tulip/{index}.jpg", "tulip", f"tulip/{index}.jpg") for index in range(10)]
    splits = assign_splits(roses + tulips, SplitRatios())
    assert {splits[photo.relative] for photo in roses} == set(SPLITS)
    assert dependent((photo.group, splits[photo.relative]) for photo in roses + tulips) == {"rose/0.jpg"}


GROUPED = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), min_size=6, max_size=40).map(
    lambda entries: [
        GroupedPhoto(f"{label}/{place}.jpg", label, f"a/{group}") for place, (label, group) in enumerate(entries)
    ]
)


@given(GROUPED, RATIOS)
def test_groups_stay_together_across_classes(photos: list[GroupedPhoto], ratios: SplitRatios) -> None:
    """If every class has three groups, no group is in two splits, and every class has photos to train on."""
    splits = assign_splits(photos, ratios, strict=False)
    assert set(splits) == {photo.relative for photo in photos}
    if all(len({photo.group for photo in photos if photo.label == label}) >= 3 for label in "ab"):
        assert not dependent((photo.group, splits[photo.relative]) for photo in photos)


@given(GROUPED, RATIOS)
def test_a_group_has_the_split_of_its_first_photo(photos: list[GroupedPhoto], ratios: SplitRatios) -> None:
    """A later photo of a group changes the split of no other photo."""
    before = assign_splits(photos, ratios, strict=False)
    added = photos[-1]._replace(relative=f"{photos[-1].label}/later.jpg")
    after = assign_splits([*photos, added], ratios, strict=False)
    few = [label for label in "ab" if len({photo.group for photo in photos if photo.label == label}) < 3]
    if not few:
        assert {relative: after[relative] for relative in before} == before
        assert after[added.relative] == before[photos[-1].relative]


def given_photos(**counts: int) -> list[GroupedPhoto]:
    """Photos of two classes in split folders; ``counts`` are the photos of a class in each split."""
    return [
        GroupedPhoto(name := f"{split}/{label}/{index}.jpg", label, name, split)
        for split, count in counts.items()
        for label in ("rose", "tulip")
        for index in range(count)
    ]


def test_a_given_split_stays() -> None:
    """Photos of a layout with all three splits stay in it, also if a class has no test photo."""
    photos = given_photos(training=6, validation=2, test=3)
    photos = [photo for photo in photos if (photo.label, photo.given) != ("tulip", TEST)]
    assert assign_splits(photos, SplitRatios()) == {photo.relative: photo.given for photo in photos}


@given(st.sampled_from([VALIDATION, TEST]), st.integers(0, 20))
def test_a_missing_part_is_taken_from_training(missing: str, seed: int) -> None:
    """The other part stays, and each class gives some of its training photos."""
    photos = [photo for photo in given_photos(training=12, validation=4, test=4) if photo.given != missing]
    splits = assign_splits(photos, SplitRatios(seed=seed))
    for photo in photos:
        assert splits[photo.relative] in ({TRAINING, missing} if photo.given == TRAINING else {photo.given})
    for label in ("rose", "tulip"):
        assert missing in {splits[photo.relative] for photo in photos if photo.label == label}


def test_a_group_across_given_splits_is_trained_on() -> None:
    """A test photo that is a copy of a training photo is a training photo too."""
    photos = given_photos(training=4, validation=4, test=4)
    copy = next(photo for photo in photos if photo.given == TEST)
    original = next(photo for photo in photos if photo.given == TRAINING)
    photos[photos.index(copy)] = copy._replace(group=original.group)
    splits = assign_splits(photos, SplitRatios())
    assert splits[copy.relative] == TRAINING
    assert sum(splits[photo.relative] != photo.given for photo in photos) == 1


def test_a_class_without_training_photos() -> None:
    """If the layout gives a class test photos alone, it cannot be learnt."""
    photos = [photo for photo in given_photos(training=4, validation=4, test=4) if photo.label == "rose"]
    photos += [GroupedPhoto("test/tulip/1.jpg", "tulip", "test/tulip/1.jpg", TEST)]
    with pytest.raises(DatasetError, match="class 'tulip' has no photo to train on"):
        assign_splits(photos, SplitRatios())


def test_classes_do_not_disturb_each_other() -> None:
    """A class is split the same with and without its neighbours."""
    roses = [("rose", f"rose/{index}.jpg") for index in range(30)]
    tulips = [("tulip", f"tulip/{index}.jpg") for index in range(3)]
    alone, beside = split_of(roses, SplitRatios()), split_of(roses + tulips, SplitRatios())
    assert alone == {relative: split for relative, split in beside.items() if relative.startswith("rose")}


@pytest.mark.parametrize(
    ("validation", "testing"), [(0, 10), (10, 0), (-1, 10), (50, 41), (float("nan"), 10), (10, float("inf"))]
)
def test_impossible_percentages_are_usage_errors(validation: float, testing: float) -> None:
    """A split that leaves nothing fair is refused before any work."""
    with pytest.raises(UsageError, match="leave no fair split"):
        SplitRatios(validation, testing).check()


def test_possible_percentages_pass() -> None:
    """The largest shares that are allowed come back unchanged."""
    assert SplitRatios(45, 45).check() == SplitRatios(45, 45)


@pytest.mark.parametrize(
    ("testing", "line"), [(0.2, "0.2 % of the photos are 2 of 1000; if you mean a share, give 20"), (1, None)]
)
def test_a_share_in_place_of_a_percentage(testing: float, line: str | None) -> None:
    """It is possible, with very many photos, and so it is said."""
    assert SplitRatios(testing_percentage=testing).doubt == line
