"""The weights of classes: all the same, or so that all classes have the same influence."""

from __future__ import annotations

import numpy as np

from support.blobs import blobs
from trainer.bottlenecks.labelled import Labelled
from trainer.head.class_weights import balanced_weights
from trainer.head.fit import fit_head


def test_equal_class_weights_change_nothing() -> None:
    """Only the ratio of the weights matters: three for every class is as good as none."""
    training, validation = blobs(1, distance=2), blobs(2, distance=2)
    plain, weighted = (
        fit_head(training, validation, 3),
        fit_head(training, validation, 3, class_weights=np.full(3, 3.0)),
    )
    assert weighted.l2 == plain.l2
    np.testing.assert_allclose(weighted.head.weights, plain.head.weights, rtol=1e-6, atol=1e-9)


def test_balanced_weights() -> None:
    """Each class' photos weigh as much together as any other's, and the mean weight of a photo is 1."""
    labels = np.array([0] * 8 + [1] * 2)
    weights = balanced_weights(labels, 2)
    assert weights.tolist() == [10 / 16, 10 / 4]
    assert weights[labels].mean() == 1.0


def test_class_weights_help_the_rare_class() -> None:
    """Of two overlapping clouds the rare one is hardly ever answered, until all classes have the same influence."""
    random = np.random.default_rng(3)

    def clouds(common: int, rare: int) -> Labelled:
        labels = np.array([0] * common + [1] * rare)
        return Labelled(random.normal(size=(common + rare, 3)) + 1.2 * labels[:, np.newaxis], labels)

    training, validation, unseen = clouds(300, 15), clouds(200, 10), clouds(500, 500)
    recall = {}
    for name, weights in (("plain", None), ("balanced", balanced_weights(training.labels, 2))):
        head = fit_head(training, validation, 2, class_weights=weights).head
        answers = head.logits(unseen.features).argmax(axis=1)
        recall[name] = [float((answers[unseen.labels == label] == label).mean()) for label in (0, 1)]
    assert recall["plain"][1] < 0.5 < 0.75 < recall["balanced"][1]
    assert recall["balanced"][0] > 0.75
