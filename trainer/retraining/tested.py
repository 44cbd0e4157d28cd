"""What the head in floats says of the test photos' bottlenecks, before its weights are quantized."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.stored import Stored
from trainer.head.calibration import Bin, Calibration, reliability
from trainer.head.linear import Head, softmax
from trainer.photos.dataset import Dataset
from trainer.retraining.examples import Examples


class Tested(NamedTuple):
    """The bottlenecks of all test photos that show how good a model is, and of those of them that are in memory."""

    all: Labelled | Stored
    some: Labelled


def of_tests(examples: Examples, dataset: Dataset) -> Tested:
    """Those of ``dataset``, whose bottlenecks are ``examples``."""
    evidence = {photo.relative for photo in dataset.test_photos}
    some = examples.data.where(np.array([photo.relative in evidence for photo in examples.dataset.by_split()], bool))
    if examples.stored is None:
        return Tested(some, some)
    places = np.array([photo.relative in evidence for photo in dataset.by_split()], bool)
    return Tested(examples.stored.where(places), some)


def reliabilities(calibration: Calibration, tested: Labelled, classes: int) -> tuple[list[Bin], list[Bin]]:
    """The bins of ``tested`` photos without and with the temperature of ``calibration``.

    A photo that gets a label behind those of the ``classes`` is of the rest of the world: it gets no class to be right.
    """
    logits = calibration.head.logits(tested.features)
    named = logits.argmax(axis=1) < classes
    before, after = (
        reliability(softmax(scaled)[:, :classes], tested.labels[named])
        for scaled in (logits[named] * calibration.temperature, logits[named])
    )
    return before, after


def accuracy_in_floats(head: Head, tested: Labelled | Stored) -> float:
    """The share of the ``tested`` photos that ``head`` labels correctly; a group of photos counts as one."""
    right = [block.labels == head.logits(block.features).argmax(axis=1) for block in tested.blocks()]
    without = Labelled(np.zeros((len(tested.labels), 0)), tested.labels, tested.groups)
    return float(without.group_means(np.concatenate(right).astype(np.float64)).mean())
