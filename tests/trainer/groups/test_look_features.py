"""Candidates for one group, without bottlenecks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from trainer.groups.look_features import VALUES, look_features
from trainer.groups.neighbours import nearest
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.photos.look import make_look


def test_shape_and_no_looks() -> None:
    """65 values of each look, and none of none; a plain picture has only what all have in common."""
    grey = Image.new("RGB", (90, 70), (128, 128, 128))
    assert look_features([]).shape == (0, VALUES)
    features = look_features([make_look(grey), make_look(grey)])
    assert (features.shape, features.dtype) == ((2, VALUES), np.float32)
    assert features.any(axis=0).tolist() == [False] * 64 + [True]


def test_an_altered_copy_is_the_nearest_neighbour(tmp_path: Path) -> None:
    """Mirrored, brighter and smaller, or turned a little: the copy of a drawn flower is among its neighbours."""
    paths = sorted(draw_flower_folder(tmp_path, 12))
    photos = [Image.open(path).convert("RGB") for path in paths]
    assert len(photos) == 60
    copies = {
        "mirrored": [ImageOps.mirror(photo) for photo in photos],
        "smaller and brighter": [photo.resize((80, 60)).point(lambda value: min(255, value * 1.2)) for photo in photos],
        "turned": [photo.rotate(4, Image.Resampling.BILINEAR) for photo in photos],
    }
    for name, altered in copies.items():
        features = look_features([make_look(picture) for picture in [*photos, *altered]])
        neighbours = nearest(features, 8).indices[: len(photos)]
        found = [place + len(photos) in row for place, row in enumerate(neighbours)]
        assert np.mean(found) > 0.95, name
