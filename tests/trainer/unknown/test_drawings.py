"""Drawings of nothing in particular, and their bottlenecks in the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import tiny
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.unknown import drawn_bottlenecks as cached
from trainer.unknown.drawings import JUDGING, PER_KIND, draw, drawing_hashes
from trainer.unknown.drawn_bottlenecks import drawn_bottlenecks


def test_drawings_are_always_the_same() -> None:
    """Noise, walls, gradients and text: pixels of the size that was asked for, no two alike."""
    first, second = list(draw((40, 24))), list(draw((40, 24)))
    assert len(first) == 4 * PER_KIND
    assert all(picture.shape == (24, 40, 3) and picture.dtype == np.uint8 for picture in first)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert len({picture.tobytes() for picture in first}) == len(first)


def test_kinds_differ() -> None:
    """Neighbouring pixels of noise and text differ much; walls and gradients have little in them."""
    pictures = np.stack([*draw((64, 64))]).reshape(4, PER_KIND, 64, 64, 3).astype(float)
    noise, wall, gradient, text = np.abs(np.diff(pictures, axis=3)).mean(axis=(1, 2, 3, 4))
    assert min(noise, text) > 2 * max(wall, gradient)
    assert max(wall, gradient) < 6 < 20 < noise


def test_other_drawings_judge() -> None:
    """Eight of each kind, none of them one that teaches; the cache calls them something else."""
    judging = list(draw((40, 24), JUDGING))
    assert len(judging) == 4 * 8
    assert not {picture.tobytes() for picture in judging} & {picture.tobytes() for picture in draw((40, 24))}
    assert not {*drawing_hashes((40, 24), JUDGING)} & {*drawing_hashes((40, 24))}


def test_hashes_depend_on_the_size() -> None:
    """So two networks of one size share nothing but the names, and other sizes have others."""
    assert len({*drawing_hashes((32, 32)), *drawing_hashes((32, 48))}) == 8 * PER_KIND


def test_bottlenecks_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those of the drawings, and come out of the cache the next time."""
    extractor = FeatureExtractor(tiny.backbone("int8"), tmp_path)
    found = drawn_bottlenecks(extractor)
    assert np.array_equal(found, extractor.backbone.features(draw((tiny.INPUT_SIZE, tiny.INPUT_SIZE))))
    monkeypatch.setattr(cached, "draw", lambda size, numbers: pytest.fail("drawn again"))
    assert np.array_equal(drawn_bottlenecks(extractor), found)
