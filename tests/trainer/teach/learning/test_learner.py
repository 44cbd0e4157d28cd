"""Learning: the head is that of trainer retrain --final, the newest state wins, and few photos are enough."""

from __future__ import annotations

import dataclasses
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.remembered import remember
from trainer.export.untaught import export_untaught
from trainer.head.linear import softmax
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.retraining import retrain_all as retraining
from trainer.retraining.given_backbone import read_given
from trainer.retraining.options import RetrainOptions
from trainer.teach.learning.features import Features
from trainer.teach.learning.learner import Learner
from trainer.teach.state import Figures, Learnt, TaughtPhoto

Listed = Callable[[], "list[TaughtPhoto]"]
_WAIT_S = 120.0


class Results:
    """What a learner has learnt, in order."""

    def __init__(self) -> None:
        self.learnt: queue.Queue[Learnt] = queue.Queue()
        self.figures: queue.Queue[Figures] = queue.Queue()
        self.problems: list[str] = []

    def thorough(self, version: int) -> Learnt:
        """The thorough result for a state."""
        while not ((learnt := self.learnt.get(timeout=_WAIT_S)).thorough and learnt.version == version):
            pass
        return learnt

    def figures_of(self, version: int) -> Figures:
        """The figures of a state."""
        while (figures := self.figures.get(timeout=_WAIT_S)).version != version:
            pass
        return figures


@pytest.fixture
def results() -> Results:
    """Nothing learnt yet."""
    return Results()


@pytest.fixture
def learner(features: Features, results: Results) -> Iterator[Learner]:
    """A learner that gives what it learns to ``results``."""
    learner = Learner(
        features,
        on_learnt=results.learnt.put,
        on_figures=results.figures.put,
        on_problem=results.problems.append,
    )
    yield learner
    learner.close()


def test_the_head_is_that_of_retraining_on_the_backbone_of_a_file(
    options: RetrainOptions,
    extractor: FeatureExtractor,
    listed: Listed,
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Labels and penalty are those of trainer retrain --backbone FILE --final, and so is the head before calibration.

    The learner comes there over other states of the photos, which must leave no trace. Its temperature is that of a
    head that is fitted a little less closely.
    """
    file = tmp_path / "backbone.tflite"
    file.write_bytes(export_untaught(extractor.backbone, ("untaught 1", "untaught 2"), "for a test"))
    finals: list[Any] = []
    fit_final = retraining.fit_final
    monkeypatch.setattr(retraining, "fit_final", lambda *args: finals.append(fit_final(*args)) or finals[-1])
    again = dataclasses.replace(options, ratios=SplitRatios(), final=True, backbone=file, weights=None)
    (model,) = retraining.retrain_all(again, Progress())
    features = Features(FeatureExtractor(read_given(file).backbone, options.bottleneck_dir))
    photos = listed()
    features.fill(photos, lambda stage: None)
    learner = Learner(features, on_learnt=results.learnt.put, on_figures=lambda figures: None)
    try:
        for version, state in enumerate((photos[3:], [photo for photo in photos if photo.label != "red"], photos)):
            learner.learn(version, state)
            learnt = results.thorough(version)
        l2 = learner._choice.l2
        _, uncalibrated = learner._last or ((), None)
    finally:
        learner.close()
    expected = finals[0].calibration
    assert (learnt.labels, l2) == (model.dataset.labels, model.fit.l2)
    assert learnt.head is not None
    assert uncalibrated is not None
    for found, wanted in zip(uncalibrated, expected.head, strict=True):
        np.testing.assert_allclose(found, wanted * expected.temperature, rtol=1e-12)
    rows = features.rows([photo.id for photo in photos])
    scores, wanted = (softmax(head.logits(rows)) for head in (learnt.head, expected.head))
    assert np.abs(scores - wanted).max() < 1 / 255
    assert learnt.score_threshold == (expected.score_threshold and pytest.approx(expected.score_threshold, abs=0.01))


def test_one_photo_of_two_classes_is_enough(
    features: Features, listed: Listed, learner: Learner, results: Results
) -> None:
    """With one class there is no head; with one photo of each of two there is one that knows them, and no figure."""
    photos = listed()
    features.fill(photos, lambda stage: None)
    first = [next(photo for photo in photos if photo.label == label) for label in ("blue", "green")]
    learner.learn(1, first[:1])
    alone = results.thorough(1)
    assert (alone.head, alone.labels) == (None, ("blue",))
    assert "two classes" in results.figures_of(1).worth
    learner.learn(2, first)
    learnt = results.thorough(2)
    assert learnt.head is not None and learnt.labels == ("blue", "green")
    logits = learnt.head.logits(features.rows([photo.id for photo in first]))
    assert logits.argmax(axis=1).tolist() == [0, 1]
    figures = results.figures_of(2)
    assert figures.right is None and figures.by_class == {}
    assert "hardly more than a guess" in figures.worth
    assert figures.class_advice["blue"].startswith("not enough to say: it has 1 independent photo; show it at least 3")


def test_the_quick_head_follows_classes_that_come_and_go(
    features: Features, listed: Listed, learner: Learner, results: Results
) -> None:
    """The head that comes first for a state knows the labels of that state, and most of its photos."""
    photos = listed()
    features.fill(photos, lambda stage: None)
    states = [
        [photo for photo in photos if photo.label != "red"],
        photos,
        [photo._replace(label="azure") if photo.label == "blue" else photo for photo in photos],
        [photo for photo in photos if photo.label != "green"],
    ]
    for version, state in enumerate(states):
        learner.learn(version, state)
        while (learnt := results.learnt.get(timeout=_WAIT_S)).version != version:
            pass
        assert not learnt.thorough
        assert learnt.labels == tuple(sorted({photo.label for photo in state}))
        assert learnt.head is not None
        answers = learnt.head.logits(features.rows([photo.id for photo in state])).argmax(axis=1)
        right = np.mean([learnt.labels[answer] == photo.label for answer, photo in zip(answers, state, strict=True)])
        assert right > 0.9
    assert results.problems == []


def test_the_newest_state_wins(features: Features, listed: Listed, learner: Learner, results: Results) -> None:
    """States that come while the learner is busy are skipped, and the last one is learnt thoroughly."""
    photos = listed()
    features.fill(photos, lambda stage: None)
    for version in range(1, 60):
        learner.learn(version, photos[: 10 + version % 26])
    assert results.thorough(59).version == 59
    assert results.figures_of(59).version == 59


def test_a_class_is_taught_beside_remembered_ones(features: Features, listed: Listed, results: Results) -> None:
    """The photos of blue and green are gone; red is taught beside them, and all three are known."""
    photos = listed()
    features.fill(photos, lambda stage: None)
    old = [photo for photo in photos if photo.label != "red"]
    indices = np.array([("blue", "green").index(photo.label) for photo in old])
    remembered = remember(features.rows([photo.id for photo in old]), indices, ("blue", "green"), 6)
    learner = Learner(features, on_learnt=results.learnt.put, on_figures=results.figures.put, remembered=remembered)
    try:
        learner.learn(1, [photo for photo in photos if photo.label == "red"])
        learnt = results.thorough(1)
        figures = results.figures_of(1)
    finally:
        learner.close()
    assert learnt.labels == ("blue", "green", "red")
    assert learnt.head is not None
    answers = learnt.head.logits(features.rows([photo.id for photo in photos])).argmax(axis=1)
    right = [learnt.labels[answer] == photo.label for answer, photo in zip(answers, photos, strict=True)]
    assert np.mean(right) > 0.9
    assert set(figures.by_class) <= {"red"}


def test_figures_say_how_good_and_what_is_mixed_up(
    features: Features, listed: Listed, learner: Learner, results: Results
) -> None:
    """Every class has a share with an interval; a photo in a wrong class is doubtful and shown as mixed up."""
    photos = listed()
    features.fill(photos, lambda stage: None)
    wrong = next(photo for photo in photos if photo.label == "red")
    learner.learn(1, [photo._replace(label="blue") if photo.id == wrong.id else photo for photo in photos])
    figures = results.figures_of(1)
    assert figures.right is not None
    assert 0.8 < figures.right.share < 1 and figures.right.low < figures.right.share < figures.right.high
    assert set(figures.by_class) == {"blue", "green", "red"}
    assert wrong.id in [id_ for id_, _ in figures.doubtful]
    mixed = {(mix.label, mix.taken_for): mix.photos for mix in figures.mixed}
    assert wrong.id in mixed["blue", "red"]
    assert f"Each of {figures.right.independent} independent photos" in figures.worth
