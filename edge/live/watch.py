"""The loop of a stream: take the newest frame, label it, pass the observation on."""

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

_WAIT_S = 0.2  # for a frame, before the loop checks whether it must stop


class Frames(Protocol):
    """Where the loop takes its frames: :class:`edge.live.grabber.Grabber`."""

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        """The newest frame with a sequence number above ``after``; None if there is none within ``timeout_s``."""


class WatchSettings(NamedTuple):
    """How a stream is labelled.

    ``every_s`` is the shortest time between two labelled frames in seconds, ``smooth_s`` the time over which scores
    are averaged, ``region`` the part of each frame that is labelled (None: all of it). ``score_threshold`` None means
    the one that the model recommends. The stream ends after ``limit`` labelled frames (None: never).
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
        settings: WatchSettings,
        *,
        frames: Frames,
        swap: ModelSwap,
        write: Callable[[Observation], None],
        statistics: StreamStatistics,
        notifier: Notifier,
        write_message: Callable[[str], None],
    ) -> None:
        """Label ``frames``. ``write`` gets each observation and must not block; ``write_message`` gets messages."""
        self._settings = settings
        self._frames = frames
        self._swap = swap
        self._write = write
        self._statistics = statistics
        self._notifier = notifier
        self._write_message = write_message
        self._label: str | None = None
        self._problem = ""
        self._labelled = 0

    def run(self, stopping: threading.Event) -> None:
        """Load the model and label until ``stopping`` is set, the source ends, or ``limit`` frames are labelled.

        Raises :class:`~edge.errors.EdgeError` if the model cannot be loaded or run, or the source fails for good, and
        :class:`~edge.errors.UsageError` if the region does not lie within the first frame.
        """
        self._use(self._swap.load_first())
        sequence, due_s = -1, 0.0
        while not stopping.wait(max(0.0, due_s - time.monotonic())):
            try:
                frame = self._frames.newest(sequence, _WAIT_S)
            except EndOfStream:
                return
            if frame is None:
                continue
            sequence, due_s = frame.sequence, time.monotonic() + self._settings.every_s
            if model := self._swap.take():
                self._use(model)
                self._statistics.count("model_swaps")
                self._write_message(f"model replaced: {model.card.name}, sha256 {model.card.sha256[:12]}")
            if self._label_frame(frame) and self._labelled == self._settings.limit:
                return

    def _use(self, model: LiveModel) -> None:
        threshold = self._settings.score_threshold
        self._model = model
        for line in model.classifier.model.messages():
            self._write_message(line)
        self._steadiness = Steadiness(
            smooth_s=self._settings.smooth_s,
            score_threshold=model.score_threshold if threshold is None else threshold,
        )

    def _label_frame(self, frame: Frame) -> bool:
        """Label ``frame`` and pass the observation on; False if the frame was skipped."""
        region = self._settings.region
        started = time.perf_counter()
        try:
            pixels = region.crop(frame.pixels) if region else frame.pixels
            scores, rejected = self._model.classifier.gated_scores(pixels)
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
        label = UNKNOWN if steady.label_index is None else labels[steady.label_index]
        score = categories[0].score if steady.label_index is None else float(steady.scores[steady.label_index])
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
        if problem != self._problem:  # one message, not one for each frame
            self._problem = problem
            self._write_message(f"frame skipped: {problem}")


def _best(scores: npt.NDArray[Any], labels: tuple[str, ...]) -> tuple[Category, ...]:
    order = np.argsort(-scores, kind="stable")[:TOP_K]
    return tuple(Category(int(i), labels[i], float(scores[i])) for i in order)
