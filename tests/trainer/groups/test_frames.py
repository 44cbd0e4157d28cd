"""Frames are cut off, pictures without a frame stay as they are."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from support.scenes import draw_scene
from trainer.groups.frames import without_frames
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
