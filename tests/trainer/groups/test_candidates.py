"""Candidates: the nearest photos one after the other, names that follow each other, shots within seconds."""

from __future__ import annotations

import numpy as np

from trainer.groups.candidates import NearestFirst, by_exif
from trainer.groups.neighbours import Neighbours
from trainer.groups.series import series_neighbours
from trainer.photos.look import LOOK_SIZE, Look

PIXELS = np.zeros((LOOK_SIZE, LOOK_SIZE), np.uint8)


def shots(*taken: tuple[str, float]) -> list[Look]:
    """Looks of photos by camera and time."""
    return [Look(PIXELS, taken_s, camera) for camera, taken_s in taken]


def test_shots_within_seconds_by_one_camera() -> None:
    """Neighbours in time, at most ten seconds apart, whatever the order of the photos; other cameras do not count."""
    looks = shots(("a", 20.0), ("b", 12.0), ("a", 11.5), ("a", 100.0), ("a", 10.0), ("", 10.0), ("a", float("nan")))
    assert sorted(by_exif(looks)) == [(0, 2), (2, 4)]


def test_one_time_for_all_is_no_time() -> None:
    """A scanner or an editor that writes one time into ten photos says nothing; two of a camera may have one."""
    assert by_exif(shots(*[("a", 5.0)] * 10)) == []
    assert by_exif(shots(*[("a", 5.0)] * 2)) == [(0, 1)]


def test_series_are_neighbours_in_a_folder() -> None:
    """Numbers that follow each other within three, in one folder, with the same text around them."""
    names = [
        "r/cam_09.jpg",
        "r/cam_10.png",
        "r/cam_14.jpg",
        "r/CAM_17.jpg",
        "t/cam_11.jpg",
        "r/cam.jpg",
        "r/cam_11b.jpg",
    ]
    assert series_neighbours(names) == [(0, 1), (2, 3)]


def test_series_in_any_order() -> None:
    """The photo with the smaller index comes first in a pair, whatever its number in the series is."""
    assert series_neighbours(["a/IMG_2.jpg", "a/img_1.jpg", "a/img_3.jpg"]) == [(0, 1), (0, 2)]


def test_three_photos_that_are_no_copies_are_enough() -> None:
    """Each photo gets its next neighbour in another group, until three were offered; distant ones never."""
    indices = np.array([[1, 2, 3, 4], [0, 2, 3, 4], [0, 1, 3, 4], [0, 1, 2, 4], [0, 1, 2, 3]])
    cosines = np.array([[0.9, 0.8, 0.75, 0.72]] * 4 + [[0.6, 0.5, 0.4, 0.3]], np.float32)
    alone = list(range(5))
    candidates = NearestFirst(Neighbours(indices, cosines), 0.7, 3)
    offered = []
    while pairs := candidates.offer(alone):
        offered.append(pairs)
    assert set().union(*offered) == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert sum(map(len, offered)) == 6
    joined = NearestFirst(Neighbours(indices, cosines), 0.7, 3)
    assert joined.offer([0, 0, 0, 0, 4]) == {(0, 4), (1, 4), (2, 4), (3, 4)}
