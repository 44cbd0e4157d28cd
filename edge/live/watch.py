"""The loop: the newest frame, its scores, the steady answer, to everybody who listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from edge.errors import ImageError, UsageError
from edge.inference.classifier import TOP_K
from edge.live.model import LiveModel
from edge.live.region import Region
from edge.live.steadiness import Steadiness
from edge.live.swap import ModelSwap
from edge.service.notify import Notifier
from edge.sources.protocol import EndOfStream
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Category, Frame, Observation

_PATIENCE_S = 0.2  # how long to wait for a frame before looking whether to stop


class Frames(Protocol):
    """Where the loop takes its frames: :class:`edge.live.grabber.Grabber`."""

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        """The newest frame with a sequence number above ``after``; None where none came within ``timeout_s``."""


class Settings(NamedTuple):
    """How a stream is to be labelled.

    ``every_s`` is the least time from one labelled frame to the next, ``limit`` after how many to end (None:
    never). ``score_threshold`` None leaves it to the model.
    """

    every_s: float
    region: Region | None
    smooth_s: float
    score_threshold: float | None
    limit: int | None


class Watch:
    """Labels the newest frame of a stream, again and again. One thread runs it."""

    def __init__(
        self,
        frames: Frames,
        swap: ModelSwap,
        write: Callable[[Observation], None],
        statistics: StreamStatistics,
        notifier: Notifier,
        tell: Callable[[str], None],
        settings: Settings,
    ) -> None:
        """Give what is seen to ``write``, which must not block, and one line an event to ``tell``."""
        self._frames = frames
        self._swap = swap
        self._write = write
        self._statistics = statistics
        self._notifier = notifier
        self._tell = tell
        self._settings = settings
        self._label: str | None = None
        self._problem = ""
        self._labelled = 0

    def run(self, stopping: threading.Event) -> None:
        """Load the model and label until ``stopping`` is set, the source ends, or enough frames are labelled.

        Raises :class:`~edge.errors.EdgeError`: what loading the model, running it or the source raises, and
        :class:`~edge.errors.UsageError` where the region is not within the first frame.
        """
        self._use(self._swap.load_first())
        sequence, due_s = -1, 0.0
        while not stopping.wait(max(0.0, due_s - time.monotonic())):
            try:
                frame = self._frames.newest(sequence, _PATIENCE_S)
            except EndOfStream:
                return
            if frame is None:
                continue
            sequence, due_s = frame.sequence, time.monotonic() + self._settings.every_s
            if model := self._swap.take():
                self._use(model)
                self._statistics.count("model_swaps")
                self._tell(f"model replaced: {model.card.name}, sha256 {model.card.sha256[:12]}")
            if self._take(frame) and self._labelled == self._settings.limit:
                return

    def _use(self, model: LiveModel) -> None:
        threshold = self._settings.score_threshold
        self._model = model
        self._steadiness = Steadiness(
            self._settings.smooth_s, model.score_threshold if threshold is None else threshold
        )

    def _take(self, frame: Frame) -> bool:
        """Label ``frame`` and pass on what is seen; False where it cannot be labelled."""
        region = self._settings.region
        started = time.perf_counter()
        try:
            seen = region.crop(frame.pixels) if region else frame.pixels
            scores, rejected = self._model.classifier.judge(seen)
        except (ImageError, UsageError) as error:
            if isinstance(error, UsageError) and not self._labelled:
                raise
            self._skip(str(error))
            return False
        latency_ms = (time.perf_counter() - started) * 1000
        self._problem = ""
        steady = self._steadiness.update(scores, frame.timestamp_s, bool(rejected))
        frame_age_s = time.monotonic() - frame.timestamp_s
        labels = self._model.card.labels
        categories = _best(steady.scores, labels)
        label = UNKNOWN if steady.answer is None else labels[steady.answer]
        score = categories[0].score if steady.answer is None else float(steady.scores[steady.answer])
        self._labelled += 1
        self._statistics.labelled(latency_ms, frame_age_s * 1000)
        self._write(
            Observation(
                frame=frame,
                label=label,
                score=score,
                categories=categories,
                raw=_best(scores, labels),
                time_s=time.time() - frame_age_s,
                frame_age_ms=frame_age_s * 1000,
                latency_ms=latency_ms,
                changed=label != self._label,
                region=region,
                model=self._model.card,
            )
        )
        self._label = label
        self._notifier.labelled(f"{label} ({score:.2f}), {self._labelled} frames labelled")
        return True

    def _skip(self, problem: str) -> None:
        self._statistics.count("source_errors")
        if problem != self._problem:  # once, not with every frame
            self._problem = problem
            self._tell(f"frame skipped: {problem}")


def _best(scores: npt.NDArray[Any], labels: tuple[str, ...]) -> tuple[Category, ...]:
    order = np.argsort(-scores, kind="stable")[:TOP_K]
    return tuple(Category(int(i), labels[i], float(scores[i])) for i in order)
