"""The class for the rest of the world as ``trainer retrain`` adds it: beside a head, taught by more and less."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.familiarity import Features, Measure, passing
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.head.linear import Head, softmax
from trainer.photos.dataset import Photo
from trainer.photos.split import TRAINING
from trainer.unknown.background import Background
from trainer.unknown.directions import find_directions
from trainer.unknown.drawn_bottlenecks import drawn_bottlenecks
from trainer.unknown.outside import Outside

LABEL = "unknown"


class WithClass(NamedTuple):
    """The measure ``name`` of a ``head`` that has the class as its last label."""

    name: str
    head: Head

    def best_score(self, features: Features) -> npt.NDArray[np.float64]:
        """The best score of the other labels: (pictures,)."""
        best: npt.NDArray[np.float64] = softmax(self.head.logits(features))[:, :-1].max(axis=1)
        return best

    def lead(self, features: Features) -> npt.NDArray[np.float64]:
        """By how much the logit of the best other label is above that of the class: (pictures,)."""
        logits = self.head.logits(features)
        lead: npt.NDArray[np.float64] = logits[:, :-1].max(axis=1) - logits[:, -1]
        return lead

    @property
    def measure(self) -> Measure:
        """How familiar pictures are to it."""
        return self.lead

    def answers(self, test: Labelled, strange: Features) -> dict[str, Any]:
        """The share of photos of the classes, and of strangers, that are answered so, and what accuracy is left.

        ``accepted_by_score`` is the share of strangers whose best score of another label is above the threshold that
        lets 95 % of the photos of the classes through.
        """
        last = self.head.weights.shape[1] - 1
        known, others = (self.head.logits(features).argmax(axis=1) for features in (test.features, strange))
        return {
            "accepted_by_score": passing(self.best_score(strange), self.best_score(test.features.astype(np.float32))),
            "known_unknown": round(float((known == last).mean()), 4),
            "strangers_unknown": round(float((others == last).mean()), 4),
            "accuracy_with_class": round(float((known == test.labels).mean()), 4),
        }


def with_class(
    extractor: FeatureExtractor, head: Head, training: Labelled, validation: Labelled, teaching: Features
) -> list[WithClass]:
    """Heads with the class: from drawings and random directions, from those of a classifier too, and with photos.

    ``head`` is that of the classes, calibrated; ``teaching`` (photos, values) are photos of other things, if there are
    some.
    """
    drawn = drawn_bottlenecks(extractor)
    directions = find_directions(extractor.backbone, training.features.astype(np.float32))
    nothing, photos = _background(teaching[:0]), _background(teaching)
    ways = {"class, from drawings and random directions": Outside(LABEL, nothing, None, drawn)}
    if directions is not None:
        ways["class, from a classifier's directions too"] = Outside(LABEL, nothing, directions, drawn)
    if len(teaching):
        ways[f"class, from {len(teaching)} photos too"] = Outside(LABEL, photos, directions, drawn)
    return [WithClass(name, way.beside(head, training, validation)) for name, way in ways.items()]


def _background(features: Features) -> Background:
    photos = [Photo(Path(), str(place), LABEL, b"", TRAINING, str(place)) for place in range(len(features))]
    return Background(photos, features, np.ones(len(features), bool), [])
