"""Figures of few photos, of bursts and of photos that the backbone knows say no more than the photos show."""

from __future__ import annotations

import numpy as np
import pytest

from support.taught_examples import snapshot_of, taught_examples
from trainer.backbones.backbone import FineTuned
from trainer.bottlenecks.remembered import Remembered
from trainer.evaluation.interval import wilson_interval
from trainer.photos.photo_hashes import PhotoHashes
from trainer.teach.learning.evidence import find_evidence
from trainer.teach.learning.examples import Examples
from trainer.teach.learning.figures import Abandoned, make_figures
from trainer.teach.learning.taught_head import Choice
from trainer.teach.state import Figures


def figures_of(examples: Examples, *, holds: bool = False, tuned: FineTuned | None = None) -> Figures:
    """The figures with the default penalty."""
    return make_figures(snapshot_of(examples, holds=holds), examples, Choice(), lambda: None, tuned)


def test_a_class_counts_from_three_independent_photos_on() -> None:
    """Two photos give no figure; the class with three has one with the interval of three."""
    figures = figures_of(taught_examples({"a": 3, "b": 2, "c": 9}))
    assert set(figures.by_class) == {"a", "c"}
    right = figures.by_class["a"]
    assert right.independent == 3
    assert (right.low, right.high) == wilson_interval(right.share * 3, 3)
    assert figures.right is not None
    assert figures.right.independent == 12
    assert figures.class_advice["b"] == (
        "not enough to say: it has 2 independent photos; show it at least 3 times, in other places and other light"
    )


def test_one_photo_of_each_class_shows_nothing() -> None:
    """No figure for all, none for a class, nothing mixed up or doubtful, and a plain sentence."""
    figures = figures_of(taught_examples({"a": 1, "b": 1}))
    assert (figures.right, figures.by_class, figures.mixed, figures.doubtful) == (None, {}, (), ())
    assert figures.worth == "An answer from 1 photo a class is hardly more than a guess."


def test_a_burst_is_one_photo() -> None:
    """Forty photos in two holds are two independent ones: no figure, and the advice counts the recordings."""
    examples = taught_examples({"rose": 2, "tulip": 5}, each=20)
    figures = figures_of(examples, holds=True)
    assert set(figures.by_class) == {"tulip"}
    assert figures.by_class["tulip"].independent == 5
    assert figures.right is None
    assert figures.worth == (
        "Too few independent photos to say how good the answers are: rose has 2 recordings; record it at least 3 "
        "times, in other places and other light."
    )
    assert figures.class_advice["rose"] == (
        "not enough to say: it has 2 recordings; record it at least 3 times, in other places and other light"
    )


def test_photos_that_fine_tuned_the_backbone_do_not_count() -> None:
    """Nor do photos of their groups; if it is not known which these are, none counts."""
    examples = taught_examples({"a": 10, "b": 10}, each=2)
    photos = examples.dataset.photos
    trained = [photo.sha256 for photo in photos if photo.label == "a" and photo.relative.endswith("-0.jpg")]
    tuned = FineTuned(3, 0, 2, PhotoHashes.of(trained[:8], []))
    evidence = find_evidence(examples, tuned)
    assert (evidence.independent, evidence.seen, evidence.labels) == ({"a": 2, "b": 10}, 16, {"b"})
    figures = figures_of(examples, tuned=tuned)
    assert figures.right is None
    assert figures.by_class["b"].independent == 10
    assert "fine-tuned on 16 of these 40" in figures.worth
    assert "2 new photos" in figures.class_advice["a"]
    nothing = figures_of(examples, tuned=FineTuned(3, 0, 2, None))
    assert (nothing.right, nothing.by_class, nothing.doubtful) == (None, {}, ())


def test_a_photo_in_the_wrong_class_is_mixed_up_and_doubtful() -> None:
    """Its id stands with the class that it was taken for, and its score is that of the other class."""
    examples = taught_examples({"a": 20, "b": 20}, spread=0.3)
    labels = examples.data.labels.copy()
    place = int(np.flatnonzero(labels == 0)[0])
    labels[place] = 1
    photos = [
        photo._replace(label="b") if photo.relative == examples.ids[place] else photo
        for photo in examples.dataset.photos
    ]
    wrong = examples._replace(
        data=examples.data._replace(labels=labels), dataset=examples.dataset._replace(photos=photos)
    )
    figures = figures_of(wrong)
    assert [(mix.label, mix.taken_for, mix.photos) for mix in figures.mixed] == [("b", "a", (examples.ids[place],))]
    [(id_, score)] = figures.doubtful
    assert id_ == examples.ids[place]
    assert 0.5 < score <= 1


def test_remembered_classes_without_photos_have_no_figure() -> None:
    """The new class has one; of all classes nothing is said."""
    examples = taught_examples({"new": 12, "old": 12}, spread=0.3)
    old = examples.data.labels == 1
    remembered = Remembered(("old",), examples.data.features[old], np.zeros(int(old.sum()), np.intp))
    photos = [photo for photo in examples.dataset.photos if photo.label == "new"]
    taught = Examples(
        examples.dataset._replace(photos=photos),
        examples.data.where(~old),
        tuple(id_ for id_, gone in zip(examples.ids, old, strict=True) if not gone),
        remembered,
    )
    figures = make_figures(snapshot_of(taught)._replace(remembered=remembered), taught, Choice(), lambda: None)
    assert figures.right is None
    assert figures.by_class["new"].share == 1.0
    assert figures.worth.startswith("How good the answers are for remembered classes is not known")


def test_figures_end_when_there_is_a_newer_state() -> None:
    """The check is called before each part of the photos."""
    examples, calls = taught_examples({"a": 9, "b": 9}), []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Abandoned

    with pytest.raises(Abandoned):
        make_figures(snapshot_of(examples), examples, Choice(), check)


def test_the_learning_curve_advises_if_there_are_enough_photos() -> None:
    """With 40 independent photos a class there is a sentence of what more photos bring, with 9 none."""
    assert figures_of(taught_examples({"a": 9, "b": 9})).advice == ()
    assert figures_of(taught_examples({"a": 40, "b": 40}, spread=2.0)).advice[0].startswith("twice as many")
