"""The head of few photos: classes that retraining would refuse take part, and one photo of each class is enough."""

from __future__ import annotations

import numpy as np
import pytest

from support.taught_examples import taught_examples
from trainer.bottlenecks.labelled import Labelled
from trainer.head.choose import choose_head
from trainer.head.linear import softmax
from trainer.head.prototypes import prototype_head
from trainer.teach.learning.taught_head import Choice, quick_head, teach_head


def test_one_photo_of_each_class_gives_the_nearest_photo() -> None:
    """The answer is the class whose photo has the largest cosine, half of the mean of the photos subtracted."""
    data = taught_examples({"a": 1, "b": 1, "c": 1})
    others = taught_examples({"a": 20, "b": 20, "c": 20}, seed=7).data.features
    common = data.data.features.mean(axis=0) / 2
    centred = data.data.features - common
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    nearest = data.data.labels[((others - common) @ unit.T).argmax(axis=1)]
    thorough = teach_head(data)
    quick = quick_head(data.everything, 3, None, Choice(), None)
    for head in (thorough.head, quick.head):
        assert np.array_equal(head.logits(others).argmax(axis=1), nearest)
    assert softmax(thorough.head.logits(others)).max() < 0.9


def test_the_mean_of_the_photos_of_a_class_stands_for_it() -> None:
    """Two photos of a class are one prototype, and its length does not count."""
    one = prototype_head(Labelled(np.array([[2.0, 0], [0, 9]]), np.array([0, 1])), 2)
    two = prototype_head(Labelled(np.array([[1.0, 0], [3, 0], [0, 9]]), np.array([0, 0, 1])), 2)
    assert np.array_equal(one.weights, two.weights)
    assert np.linalg.norm(one.weights[:, 0]) == pytest.approx(np.linalg.norm(one.weights[:, 1]))
    logits = one.logits(np.array([[2.0, 0], [0, 9]]))
    assert logits.argmax(axis=1).tolist() == [0, 1]


def test_a_class_too_small_for_a_split_trains_and_the_others_choose() -> None:
    """The penalty is that of the two large classes' validation photos; the small class is known all the same."""
    data = taught_examples({"a": 30, "b": 30, "small": 2})
    assert data.small == {"small"}
    assert data.can_choose
    place = data.labels.index("small")
    assert (data.training.labels == place).sum() == 2
    assert not (data.validation.labels == place).any()
    taught = teach_head(data)
    assert taught.choice.l2 == choose_head(data.training, data.validation, 3).l2
    own = data.data.features[data.data.labels == place]
    assert taught.head.logits(own).argmax(axis=1).tolist() == [place, place]


@pytest.mark.parametrize("counts", [{"a": 2, "b": 2}, {"a": 40, "b": 1}, {"a": 1, "b": 2, "c": 2}])
def test_the_defaults_hold_if_fewer_than_two_classes_can_choose(counts: dict[str, int]) -> None:
    """Two photos a class, or one large class beside a small one: nothing is chosen, and no threshold is given."""
    data = taught_examples(counts)
    assert not data.can_choose
    assert teach_head(data).choice == Choice()
    assert Choice().score_threshold is None


def test_classes_large_enough_are_in_the_split_of_retraining() -> None:
    """No class is small, so training and validation photos are those of the data set."""
    data = taught_examples({"a": 10, "b": 12, "c": 3})
    assert data.small == set()
    assert len(data.training.labels) == len(data.dataset.of("training"))
    assert len(data.validation.labels) == len(data.dataset.of("validation"))
