"""Bottlenecks of things that no photo showed, and directions that are not to teach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.preprocess import preprocess
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.labelled import Labelled
from trainer.unknown import strangers
from trainer.unknown.packaged_directions import imagenet_names, packaged_directions
from trainer.unknown.strangers import JUDGING_SEED, not_like_classes, random_directions, strange_bottlenecks

VALUES = 48


def photos(seed: int = 0, count: int = 50) -> np.ndarray:
    """Bottlenecks without negative values."""
    return np.random.default_rng(seed).exponential(1.0, (count, VALUES)).astype(np.float32)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.1, 100))
def test_strangers_are_as_long_as_photos_and_point_elsewhere(seed: int, scale: float) -> None:
    """No value is below those of the photos; each points more along its direction than any photo does."""
    known, vectors = photos(seed) * scale, random_directions(VALUES, 30)
    strange = strange_bottlenecks(vectors, known)
    assert strange.shape == (30, VALUES)
    assert strange.min() >= 0
    lengths = np.linalg.norm(known, axis=1)
    assert np.allclose(np.linalg.norm(strange, axis=1), lengths.mean(), rtol=1e-3)
    along = (strange * vectors).sum(axis=1)
    assert (along > np.median(known @ vectors.T, axis=0)).all()


def test_lengths_of_photos_in_blocks_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many photos a few are measured at a time; no bottleneck changes by that."""
    known = np.random.default_rng(0).normal(size=(50, 12)).astype(np.float32)
    vectors = random_directions(12, 5)
    whole = strange_bottlenecks(vectors, known)
    monkeypatch.setattr(strangers, "_BLOCK", 8)
    assert np.array_equal(strange_bottlenecks(vectors, known), whole)


def test_networks_with_negative_values() -> None:
    """The lowest value of the photos is the lowest of the strangers."""
    known = photos() - 2
    strange = strange_bottlenecks(random_directions(VALUES), known)
    assert known.min() - 1 < strange.min() < 0


def test_random_directions_are_always_the_same() -> None:
    """Unit length, and the same bits."""
    assert np.array_equal(random_directions(VALUES), random_directions(VALUES))
    assert np.allclose(np.linalg.norm(random_directions(VALUES), axis=1), 1, atol=1e-5)


def test_other_random_directions_judge() -> None:
    """Another seed gives other directions: none is nearly one of those that teach."""
    teaching, judging = random_directions(VALUES), random_directions(VALUES, 50, JUDGING_SEED)
    assert judging.shape == (50, VALUES)
    assert (judging @ teaching.T).max() < 0.999


def test_directions_like_a_class_are_left_out() -> None:
    """A whole family of directions near one class, however many; nearly all others stay."""
    random = np.random.default_rng(1)
    vectors = random_directions(VALUES, 400).astype(np.float64)
    dog, cat = vectors[0], vectors[1]
    vectors[2:82] = dog + 0.08 * random.standard_normal((80, VALUES))
    vectors[82:90] = cat + 0.08 * random.standard_normal((8, VALUES))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    features = np.concatenate([random.exponential(0.2, (40, VALUES)) + 3 * each for each in (dog, cat)])
    kept = not_like_classes(vectors, Labelled(features, np.arange(80) // 40))
    assert not kept[:90].any()
    assert kept[90:].mean() > 0.75


def test_at_most_half_of_the_directions_are_left_out() -> None:
    """With a class in nearly every direction, those most like a class are left out, and half stay."""
    vectors = random_directions(VALUES, 60)
    features = np.repeat(3 * np.abs(vectors), 2, axis=0)
    kept = not_like_classes(vectors, Labelled(features, np.arange(120) // 2))
    assert 0.5 <= kept.mean() <= 0.6


def test_cats_against_dogs(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos of 54 dogs and 7 cats leave out nearly all of ImageNet's dogs and cats, and few other classes."""
    if not (shared / "strangers").is_dir():
        pytest.skip("no photos of other things beside the real photos")
    monkeypatch.setenv("KERAS_HOME", str(shared / "keras_home"))
    name, names = "mobilenet_0.25_160", imagenet_names()
    dogs, cats = range(151, 269), range(281, 294)
    stems = {path.stem.replace("_", " "): path for path in (shared / "strangers").glob("*.jpg")}
    chosen = [[stems[names[index]] for index in kind if names[index] in stems] for kind in (dogs, cats)]
    [backbone] = load_backbones(tmp_path, Architecture.parse(name), None, ("int8",))
    size = backbone.model.input_size
    features = np.concatenate([backbone.features(preprocess(path, size) for path in kind) for kind in chosen])
    labels = np.repeat([0, 1], [len(kind) for kind in chosen])
    kept = not_like_classes(packaged_directions(name), Labelled(features, labels))
    assert len(chosen[0]) >= 50
    assert kept[[*dogs]].mean() < 0.1
    assert kept[[*cats]].mean() < 0.2
    others = [index for index in range(1000) if index not in {*dogs, *cats}]
    assert kept[others].mean() > 0.85
