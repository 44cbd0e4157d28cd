"""Groups of photos: all copies together, other photos alone, whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from support import tiny
from support.scenes import ALTERED, draw_scene, noisy
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.groups import rules
from trainer.groups.alignment import Floats
from trainer.groups.evidence import PixelComparison
from trainer.groups.find_groups import Compared, find_groups, groups_of_photos
from trainer.groups.look_features import look_features
from trainer.groups.pairs import Pair
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.look import LOOK_SIZE, Look, make_look
from trainer.photos.split import SplitRatios
from trainer.progress import Progress, Stage

COPIES = ["compressed", "mirrored", "next shot", "brighter"]


def photos() -> dict[str, Look]:
    """Six scenes, four of them with copies under names that say nothing."""
    looks = {}
    for scene in range(6):
        picture = draw_scene(scene)
        looks[f"a/{chr(97 + scene)}q.jpg"] = make_look(picture)
        for copy in COPIES if scene < 4 else []:
            looks[f"b/{hash_name(scene, copy)}.jpg"] = make_look(ALTERED[copy](picture))
    return looks


def hash_name(scene: int, copy: str) -> str:
    """A name without a number that follows another one."""
    return "".join(chr(97 + ord(letter) * (scene + 3) % 26) for letter in copy) + "z" * scene


def found(looks: dict[str, Look]) -> dict[str, str]:
    """The groups of photos by path."""
    return find_groups(list(looks), look_features(list(looks.values())), list(looks.values()))


LOOKS = photos()


def test_copies_are_together_and_other_photos_alone() -> None:
    """Each scene with all its copies, in another folder too, and named by its first photo."""
    assert found(LOOKS) == {
        **{f"a/{chr(97 + scene)}q.jpg": f"a/{chr(97 + scene)}q.jpg" for scene in range(6)},
        **{f"b/{hash_name(scene, copy)}.jpg": f"a/{chr(97 + scene)}q.jpg" for scene in range(4) for copy in COPIES},
    }


@settings(max_examples=10)
@given(st.permutations(list(LOOKS)))
def test_the_order_changes_nothing(order: list[str]) -> None:
    """The same groups in whatever order the photos come."""
    assert found({path: LOOKS[path] for path in order}) == found(LOOKS)


def test_no_photo_and_one_photo() -> None:
    """Few photos are no error."""
    assert found({}) == {}
    assert found({"a/aq.jpg": LOOKS["a/aq.jpg"]}) == {"a/aq.jpg": "a/aq.jpg"}


def test_names_count_whatever_the_pixels_say() -> None:
    """Two scenes named as copies of one photo are a group."""
    looks = {"a/x.jpg": make_look(draw_scene(1)), "a/x copy.jpg": make_look(draw_scene(2))}
    assert set(found(looks).values()) == {"a/x copy.jpg"}


@pytest.mark.parametrize(("taken_s", "names", "together"), [(3.0, "ab", True), (60.0, "ab", False), (60.0, "12", True)])
def test_a_burst_needs_less_evidence(
    monkeypatch: pytest.MonkeyPatch, taken_s: float, names: str, together: bool
) -> None:
    """What is too little for any two photos is enough if a camera took them within seconds or numbered them so."""
    scene, camera = draw_scene(1), "Maker Model"
    looks = {
        f"a/{names[0]}.jpg": make_look(scene)._replace(taken_s=0.0, camera=camera),
        f"a/{names[1]}.jpg": make_look(noisy(scene))._replace(taken_s=taken_s, camera=camera),
    }
    monkeypatch.setattr(PixelComparison, "evidence", lambda self, pairs: np.full(len(pairs), 17.0, np.float32))
    assert (len(set(found(looks).values())) == 1) == together


def test_a_burst_is_one_group_and_each_photo_is_decoded_once(tmp_path) -> None:
    """Through the cache: eight shots of each of four scenes; the second run decodes no photo."""
    folder = tmp_path / "photos"
    for scene in range(4):
        for shot in range(8):
            path = folder / f"class{scene % 2}" / f"cam_{scene:02}{shot:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noisy(draw_scene(scene), shot).save(path)
    stages: list[Stage] = []
    for _ in range(2):
        stages.clear()
        extractor = tiny.extractor(tmp_path / "cache", progress=Progress(stages.append))
        listed = list_photos(folder)
        contents = compute_bottlenecks(extractor, listed).contents
        alone = {file.relative: file.relative for file in listed.files}
        dataset = assemble(listed, contents, SplitRatios(), training=False, groups=alone)
        groups = groups_of_photos(extractor, dataset.photos)
        assert {path: group[:-6] for path, group in groups.items()} == {path: path[:-6] for path in groups}
        assert len(set(groups.values())) == 4
    assert {stage.name for stage in stages} == {"bottlenecks int8"}, "the groups were in the cache"


def test_plain_photos_are_alone() -> None:
    """Photos with nothing in them are no evidence for each other."""
    plain = Look(np.full((LOOK_SIZE, LOOK_SIZE), 200, np.uint8))
    looks = {f"a/{letter}.jpg": plain for letter in "abcdef"}
    assert len(set(found(looks).values())) == 6


def test_constants_are_in_order() -> None:
    """A name in a series or a burst asks for less evidence than none at all."""
    assert rules.LEAST_IN_BURST < rules.LEAST_IN_SERIES < rules.LEAST_EVIDENCE


def test_painted_photos_of_the_tests_are_alone(tmp_path) -> None:
    """The tests' tiny photos are independent drawings."""
    looks = {
        path.relative_to(tmp_path).as_posix(): make_look(Image.open(path).convert("RGB"))
        for path in sorted(tiny.paint_folder(tmp_path).rglob("*.png"))
    }
    assert len(set(found(looks).values())) == len(looks) == 36


def test_what_was_compared_once_is_not_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the comparisons of an earlier call one photo more costs a few, and the groups are those of all looks."""
    relatives, looks = list(LOOKS), list(LOOKS.values())
    features = look_features(looks)
    compared: Compared = {}
    find_groups(relatives[:-1], features[:-1], looks[:-1], compared)
    before, counts = len(compared), []
    evidence = PixelComparison.evidence

    def counted(self: PixelComparison, pairs: list[Pair]) -> Floats:
        counts.append(len(pairs))
        return evidence(self, pairs)

    monkeypatch.setattr(PixelComparison, "evidence", counted)
    assert find_groups(relatives, features, looks, compared) == found(LOOKS)
    assert 0 < len(compared) - before < before / 2
    counts.clear()
    find_groups(relatives, features, looks, compared)
    assert sum(counts) == 0
