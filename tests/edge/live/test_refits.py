"""A stream whose model is fitted again and again, and has no labels at first."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from edge.inference.classifier import GatedScores
from edge.live.watch import Watch, WatchSettings
from edge.service.notify import Notifier
from edge.sources.protocol import EndOfStream
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Frame, Observation
from support.observed import CARD, plain


class FixedModel:
    """Gives every frame the same scores."""

    def __init__(self, labels: Sequence[str], scores: Sequence[float], threshold: float = 0.0) -> None:
        self.card = CARD._replace(labels=tuple(labels), sha256=f"{len(labels)}{scores}")
        self.score_threshold, self.is_refit = threshold, True
        self._scores = np.array(scores, np.float32)

    def gated_scores(self, pixels: np.ndarray) -> GatedScores:
        return GatedScores(self._scores, None)

    def messages(self) -> list[str]:
        return []


class OneAFrame:
    """Gives the stream another of ``models`` for each frame; None: no new one."""

    def __init__(self, models: Sequence[FixedModel | None]) -> None:
        self._models = list(models)

    def load_first(self) -> FixedModel:
        first = self.take()
        assert first is not None
        self._models.insert(0, None)  # the first frame is labelled with the first model
        return first

    def take(self) -> FixedModel | None:
        return self._models.pop(0)

    def request(self) -> None: ...

    def stop(self) -> None: ...


class Frames:
    """As many frames as there are models, a second apart."""

    def __init__(self, count: int) -> None:
        self._count = count

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame:
        if after + 1 == self._count:
            raise EndOfStream
        return Frame(plain(), float(after + 1), after + 1)

    def rest_until(self, due_s: float) -> None: ...


def watch(
    models: Sequence[FixedModel | None], smooth_s: float
) -> tuple[list[Observation], StreamStatistics, list[str]]:
    """Label a frame with each of ``models``: what was observed, counted and printed."""
    seen: list[Observation] = []
    messages: list[str] = []
    statistics = StreamStatistics()
    Watch(
        WatchSettings(every_s=0.0, region=None, smooth_s=smooth_s, score_threshold=None, limit=None, needed_labels=()),
        frames=Frames(len(models)),
        models=OneAFrame(models),
        write=seen.append,
        statistics=statistics,
        notifier=Notifier(),
        write_message=messages.append,
    ).run(threading.Event())
    return seen, statistics, messages


def test_labels_that_come_and_go() -> None:
    """Without labels the answer is unknown with a score of 0; new labels are used from the next frame on."""
    none, two = FixedModel([], []), FixedModel(["rose", "tulip"], [0.2, 0.8])
    seen, statistics, messages = watch([none, None, two, none], smooth_s=5)
    assert [(one.label, one.score, len(one.categories), len(one.raw)) for one in seen] == [
        (UNKNOWN, 0.0, 0, 0),
        (UNKNOWN, 0.0, 0, 0),
        ("tulip", pytest.approx(0.8), 2, 2),
        (UNKNOWN, 0.0, 0, 0),
    ]
    assert [one.changed for one in seen] == [True, False, True, True]
    assert [len(one.model.labels) for one in seen] == [0, 0, 2, 0]
    assert statistics.snapshot().model_swaps == 0
    assert messages == []


def test_smoothing_goes_on_over_refits() -> None:
    """A refit with the same labels changes the average only as far as a new frame does; so no answer flickers."""
    first, second = FixedModel(["rose", "tulip"], [1, 0]), FixedModel(["rose", "tulip"], [0, 1])
    seen, _, _ = watch([first, None, second, None], smooth_s=1.0)
    share = 1 - np.exp(-1.0)
    assert [one.score for one in seen] == pytest.approx([1, 1, share, 1 - (1 - share) ** 2])
    assert [one.label for one in seen] == ["rose", "rose", "tulip", "tulip"]
    assert seen[2].model is second.card


def test_a_refit_brings_its_threshold() -> None:
    """The threshold of the newest head decides, without a new start of the smoothing."""
    low, high = (FixedModel(["rose", "tulip"], [0.7, 0.3], threshold) for threshold in (0.0, 0.9))
    seen, _, _ = watch([low, high, low], smooth_s=1.0)
    assert [one.label for one in seen] == ["rose", UNKNOWN, "rose"]
