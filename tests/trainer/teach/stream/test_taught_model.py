"""The model of a session's stream: scores from the backbone's own interpreter and the newest head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import tiny
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.head.linear import Head, softmax
from trainer.photos.folder import list_photos
from trainer.teach.state import Learnt
from trainer.teach.stream.taught_model import TaughtModels

pytestmark = pytest.mark.numeric


def learnt(head: Head | None, labels: tuple[str, ...] = ("rose", "tulip"), threshold: float | None = None) -> Learnt:
    """What a learner publishes."""
    return Learnt(1, labels, head, threshold, True, 0.1)


def head(seed: int, values: int, labels: int = 2) -> Head:
    """A head with random weights."""
    random = np.random.default_rng(seed)
    return Head(random.normal(size=(values, labels)), random.normal(size=labels))


@pytest.fixture
def models(tmp_path: Path) -> TaughtModels:
    """The models of a session with a tiny backbone."""
    return TaughtModels(tiny.extractor(tmp_path))


@pytest.fixture
def values() -> int:
    """The size of a bottleneck."""
    return tiny.backbone().bottleneck_size


def test_scores_are_those_of_the_photos_bottleneck(tmp_path: Path) -> None:
    """A frame has the scores that the head gives for the cached bottleneck of a photo with the same pixels."""
    photos = tmp_path / "photos" / "rose"
    photos.mkdir(parents=True)
    picture = tiny.paint("red", 3, (320, 240))
    picture.save(photos / "one.png")
    extractor = tiny.extractor(tmp_path / "cache")
    contents = compute_bottlenecks(extractor, list_photos(tmp_path / "photos")).contents
    features = extractor.load(list(contents.sha256.values()))
    models, fitted = TaughtModels(extractor, threads=2), head(0, extractor.backbone.bottleneck_size)
    models.publish(learnt(fitted))
    scores, familiarity = models.load_first().gated_scores(np.asarray(picture))
    assert scores.dtype == np.float32
    assert scores.tolist() == softmax(fitted.logits(features))[0].astype(np.float32).tolist()
    assert familiarity is None


def test_before_there_is_a_head(models: TaughtModels) -> None:
    """With no class, or one, there are no labels and no scores."""
    first = models.load_first()
    assert (first.card.name, first.card.labels, first.card.quantization) == ("teaching", (), "int8")
    assert first.gated_scores(np.zeros((48, 64, 3), np.uint8)).scores.shape == (0,)
    models.publish(learnt(None, ("rose",)))
    assert models.take() is None


def test_each_head_is_taken_once(models: TaughtModels, values: int) -> None:
    """The newest head is taken, once; another head or other labels are another model, the same ones are not."""
    models.load_first()
    models.publish(learnt(head(0, values)))
    models.publish(learnt(head(1, values), threshold=0.5))
    taken = models.take()
    assert taken is not None
    assert (taken.card.labels, taken.score_threshold, taken.is_refit) == (("rose", "tulip"), 0.5, True)
    assert models.take() is None
    models.publish(learnt(head(1, values), threshold=0.5))
    assert models.take() is None
    models.publish(learnt(head(1, values), ("rose", "daisy"), 0.5))
    renamed = models.take()
    assert renamed is not None
    assert renamed.card.sha256 != taken.card.sha256
    models.publish(learnt(head(1, values), ("rose", "daisy"), 0.7))
    raised = models.take()
    assert raised is not None
    assert (raised.card, raised.score_threshold) == (renamed.card, 0.7)


def test_classes_that_are_gone(models: TaughtModels, values: int) -> None:
    """When only one class is left, the model has no labels any more."""
    models.publish(learnt(head(0, values)))
    assert models.load_first().card.labels == ("rose", "tulip")
    models.publish(learnt(None, ("rose",)))
    left = models.take()
    assert left is not None
    assert left.card.labels == ()
