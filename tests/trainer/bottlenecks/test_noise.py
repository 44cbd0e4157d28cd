"""Bottlenecks of drawn noise: the same everywhere, and computed once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from support import tiny
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks import noise
from trainer.bottlenecks.extractor import FeatureExtractor


def test_same_pictures_everywhere() -> None:
    """A picture of noise is made of integers alone: its bytes are known."""
    picture = noise.noise_picture(0, (5, 3))
    assert picture.shape == (3, 5, 3)
    assert picture.tobytes() == hashlib.shake_256(b"edge-for-poets noise 0").digest(45)
    assert (picture != noise.noise_picture(1, (5, 3))).any()


@pytest.mark.parametrize("quantization", ["int8", "float32"])
def test_computed_once(tmp_path: Path, quantization: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call reads what the first one computed and kept."""
    tiny.write_backbone(tmp_path, quantization)
    [backbone] = load_backbones(tmp_path, tiny.ARCHITECTURE, "random", (quantization,))
    extractor = FeatureExtractor(backbone, tmp_path)
    first = noise.noise_bottlenecks(extractor)
    assert first.shape == (noise.PICTURES, backbone.bottleneck_size)
    monkeypatch.setattr(noise, "noise_picture", None)
    assert (noise.noise_bottlenecks(extractor) == first).all()
    assert np.isfinite(first).all()
