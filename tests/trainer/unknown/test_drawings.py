"""Drawings of nothing in particular, and their bottlenecks in the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import tiny
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.unknown import drawn_bottlenecks as cached
from trainer.unknown.drawings import JUDGING, PER_KIND, TEACHING, draw, drawing_hashes
from trainer.unknown.drawn_bottlenecks import draw_in_advance, drawn_bottlenecks


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


def test_what_was_drawn_in_advance_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise and both kinds of drawings are in the cache, or noise alone if the rest of the world is not taught."""
    size = (tiny.INPUT_SIZE, tiny.INPUT_SIZE)
    extractor, noise_only = (tiny.extractor(tmp_path / name) for name in ("all", "noise"))
    draw_in_advance(extractor, teaching=True)
    draw_in_advance(noise_only, teaching=False)
    with BottleneckCache(noise_only.bottleneck_dir) as cache:
        for numbers in (TEACHING, JUDGING):
            assert not cache.holds(extractor.key, drawing_hashes(size, numbers)[:1], extractor.bottleneck_bytes)
    with monkeypatch.context() as patched:
        patched.setattr(FeatureExtractor, "interpreter", None)
        teaching, judging = (drawn_bottlenecks(extractor, numbers) for numbers in (TEACHING, JUDGING))
        assert (noise_bottlenecks(extractor) == noise_bottlenecks(noise_only)).all()
    assert np.array_equal(np.concatenate([teaching, judging])[:64], extractor.backbone.features(draw(size)))


def test_another_backbone_has_its_own(tmp_path: Path) -> None:
    """In one cache the bottlenecks of one network are never those of another one."""
    ours, other = tiny.extractor(tmp_path), tiny.extractor(tmp_path, "float32")
    found = drawn_bottlenecks(ours)
    size = (tiny.INPUT_SIZE, tiny.INPUT_SIZE)
    assert np.array_equal(drawn_bottlenecks(other), other.backbone.features(draw(size)))
    assert np.array_equal(drawn_bottlenecks(ours), found)


def test_a_killed_run_leaves_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawings are stored in one transaction: what ends in the middle is computed again, whole."""
    extractor = tiny.extractor(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(cached, "draw", lambda size, numbers: (picture for picture in list(draw(size, numbers))[:5]))
        with pytest.raises(ValueError, match="shorter"):
            drawn_bottlenecks(extractor)
    size = (tiny.INPUT_SIZE, tiny.INPUT_SIZE)
    with BottleneckCache(tmp_path) as cache:
        hashes = drawing_hashes(size)[:5]
        assert not any(cache.holds(extractor.key, [sha256], extractor.bottleneck_bytes) for sha256 in hashes)
    assert np.array_equal(drawn_bottlenecks(extractor), extractor.backbone.features(draw(size)))
