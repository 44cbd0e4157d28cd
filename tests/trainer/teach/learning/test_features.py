"""Bottlenecks and looks of a session's photos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.errors import ImageError
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.photos.folder import list_photos
from trainer.progress import Stage
from trainer.retraining.options import RetrainOptions
from trainer.teach.learning.features import Features
from trainer.teach.state import TaughtPhoto

Listed = Callable[[], "list[TaughtPhoto]"]


def test_filling_gives_what_the_trainer_computes(
    options: RetrainOptions, extractor: FeatureExtractor, features: Features, listed: Listed
) -> None:
    """All bottlenecks are those of trainer bottlenecks, which finds them in the cache afterwards."""
    photos: list[TaughtPhoto] = listed()
    stages: list[Stage] = []
    assert features.fill(photos, stages.append) == {}
    assert stages[-1].done == stages[-1].total == len(photos) == len(features) == 36
    assert compute_bottlenecks(extractor, list_photos(options.folder)).computed == 0
    expected = extractor.load([photo.sha256 for photo in photos])
    assert np.array_equal(features.rows([photo.id for photo in photos]), expected)


def test_one_photo_gets_the_same_bottleneck_and_look(
    extractor: FeatureExtractor, features: Features, listed: Listed
) -> None:
    """A photo that comes alone is computed as those of a folder are, and is in the cache for the next session."""
    photos = listed()
    other = Features(extractor)
    for photo in photos[:5]:
        assert not features.has(photo.id)
        features.add(photo, photo.path.read_bytes())
        assert features.has(photo.id)
    other.fill(photos[:5], lambda stage: None)
    ids = [photo.id for photo in photos[:5]]
    assert np.array_equal(features.rows(ids), other.rows(ids))
    for one, another in zip(features.looks(photos[:5]), other.looks(photos[:5]), strict=True):
        assert np.array_equal(one.pixels, another.pixels)


def test_photos_that_cannot_be_read_are_named(features: Features, listed: Listed) -> None:
    """A file that is gone, changed or damaged has its reason; the others are filled."""
    photos = listed()
    photos[0].path.unlink()
    photos[1].path.write_bytes(photos[2].path.read_bytes())
    photos[3].path.write_bytes(b"no picture")
    unreadable = features.fill(photos, lambda stage: None)
    assert set(unreadable) == {photos[place].id for place in (0, 1, 3)}
    assert unreadable[photos[1].id] == "it was changed while it was read"
    assert len(features) == 33
    with pytest.raises(ImageError):
        features.add(photos[3], b"no picture")
    assert not features.has(photos[3].id)


def test_many_photos_fit(features: Features, listed: Listed) -> None:
    """The matrix grows, and a photo that comes again keeps its place."""
    photos = listed()
    rng = np.random.default_rng(0)
    rows = rng.random((700, features.rows([]).shape[1])).astype(np.float32)
    features._put([str(number) for number in range(700)], rows)
    features.add(photos[0], photos[0].path.read_bytes())
    features._put(["3"], rows[5:6])
    assert len(features) == 701
    assert np.array_equal(features.rows(["699", "3", "0"]), rows[[699, 5, 0]])
