"""Frames are cut off, pictures without a frame stay as they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from support.scenes import draw_scene
from trainer.groups.frames import Lines, without_frames
from trainer.photos.look import LOOK_SIZE, make_look


def looks(*pictures: Image.Image) -> np.ndarray:
    """The pixels of the looks of ``pictures``."""
    return np.stack([make_look(picture).pixels for picture in pictures])


def test_pictures_without_a_frame_stay() -> None:
    """Scenes, and a photo with plain sky at the top alone, are not cut."""
    sky = draw_scene(1)
    sky.paste("white", (0, 0, sky.width, 80))
    given = looks(*(draw_scene(seed) for seed in range(5)), sky)
    assert (without_frames(given) == given).all()


def test_frames_and_bars_are_cut() -> None:
    """What is left looks like the picture without its frame, of whatever colour and at whatever sides."""
    scene = draw_scene(2)
    framed = [
        ImageOps.expand(scene, 40, "white"),
        ImageOps.expand(scene, (0, 60), "black"),
        ImageOps.expand(scene, (60, 0), "#00ff00"),
        ImageOps.expand(ImageOps.expand(scene, 20, "black"), 30, "white"),
    ]
    (plain,) = looks(scene).astype(int)
    for cut in without_frames(looks(*framed)):
        assert np.corrcoef(cut.ravel(), plain.ravel())[0, 1] > 0.8


def test_something_is_left_of_a_plain_picture() -> None:
    """A picture of one colour is all frame; what remains has the size of a look."""
    cut = without_frames(looks(Image.new("RGB", (100, 100), "white"), Image.new("RGB", (100, 3), "black")))
    assert cut.shape == (2, LOOK_SIZE, LOOK_SIZE)
    assert (cut[0] == 255).all() and (cut[1] == 0).all()
    assert without_frames(cut[:0]).shape == (0, LOOK_SIZE, LOOK_SIZE)


@given(seed=st.integers(0, 2**31), start=st.integers(0, 40), length=st.integers(1, 24), spread=st.floats(0, 12))
def test_whole_numbers_say_what_floats_say(seed: int, start: int, length: int, spread: float) -> None:
    """Two lines are bars if both deviations are below 4 grey levels and the means differ by less than 8."""
    random = np.random.default_rng(seed)
    pixels = (random.normal(0, spread, (LOOK_SIZE, LOOK_SIZE)) + random.uniform(90, 99, (LOOK_SIZE, 1))).astype(
        np.uint8
    )
    ends = pixels[[3, 60], start : start + length].astype(np.float64)
    deviations, difference = ends.std(axis=1), abs(ends[0].mean() - ends[1].mean())
    if min(*np.abs(deviations - 4), abs(difference - 8)) > 1e-9:
        wanted = bool(deviations.max() < 4 and difference < 8)
        assert Lines.of(pixels).are_bars(3, 60, start, start + length) is wanted
