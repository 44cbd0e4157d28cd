"""The measurement of directions, on a few drawn flowers and drawn strangers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.accuracy.directions import measure
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import backbone_of_layers
from trainer.backbones.read_layers import random_layers
from trainer.backbones.weights import Weights
from trainer.photos.drawn_flowers import draw_flower_folder
from trainer.progress import Progress


def test_directions_of_nothing_are_told_from_none(tmp_path: Path) -> None:
    """A network with random weights has no directions: a row for each of the three files of its width."""
    list(draw_flower_folder(tmp_path / "photos", per_kind=4, size=128))
    (tmp_path / "strangers").mkdir()
    random = np.random.default_rng(1)
    for number in range(6):
        pixels = random.integers(0, 256, (128, 128, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "strangers" / f"{number}.png")
    network = Architecture(0.25, 128)
    backbone = backbone_of_layers(network, random_layers(network), "float32", Weights("random", None, ""))
    rows = measure(tmp_path / "photos", tmp_path / "strangers", [backbone], Progress())
    assert [row["directions"] for row in rows] == [f"mobilenet_0.25_{size}" for size in (128, 160, 192)]
    for row in rows:
        assert row["photos"] < 4 and row["few"] < 4 and row["drawings"] < 4
        assert 0 <= row["accepted"] <= 1 and 0 <= row["auroc"] <= 1
