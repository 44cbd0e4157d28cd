"""The loop of a stream: take the newest frame, label it, pass the observation on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from edge.controls import StreamControls
from edge.errors import ImageError, UsageError
from edge.inference.classifier import TOP_K
from edge.live.needed_labels import missing_label
from edge.live.protocols import ModelSource, StreamModel
from edge.live.region import Region
from edge.live.steadiness import Steadiness
from edge.service.notify import Notifier
from edge.sources.protocol import EndOfStream
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Category, Frame, Observation

STUCK_S = 60.0
"""A model that has been in one frame for longer is stuck, for example in a delegate whose device does not answer."""

_WAIT_S = 0.2  # for a frame, before the loop checks whether it must stop


class Frames(Protocol):
    """Where the loop takes its frames: :class:`edge.live.grabber.Grabber`."""

    def newest(self, after: int = -1, timeout_s: float | None = None) -> Frame | None:
        """The newest frame with a sequence number above ``after``; None if there is none within ``timeout_s``."""

    def rest_until(self, due_s: float) -> None:
        """No frame is asked for before ``due_s``, a monotonic time in seconds."""


class WatchSettings(NamedTuple):
    """How a stream is labelled.

    ``every_s`` is the shortest time between two labelled frames in seconds, ``smooth_s`` the time over which scores
    are averaged, ``region`` the part of each frame that is labelled (None: all of it). ``score_threshold`` None means
    the one that the model recommends. The stream ends after ``limit`` labelled frames (None: never). The model must
    have ``needed_labels`` at the start; a message says if one that replaces it later has not all of them.
    """

    every_s: float
    region: Region | None
    smooth_s: float
    score_threshold: float | None
    limit: int | None
    needed_labels: tuple[str, ...]


class Watch:
    """Labels the newest frame of a stream, again and again. One thread runs it."""

    def __init__(
        self,
        settings: WatchSettings,
        *,
        frames: Frames,
        models: ModelSource,
        write: Callable[[Observation], None],
        statistics: StreamStatistics,
        notifier: Notifier,
        write_message: Callable[[str], None],
        controls: StreamControls | None = None,
    ) -> None:
        """Label ``frames`` with the newest of ``models``.

        ``write`` gets each observation and must not block; ``write_message`` gets messages. ``controls`` are what
        others may change meanwhile, None: nothing. Their threshold counts instead of that of the settings.
        """
        self._settings = settings
        self._frames = frames
        self._models = models
        self._write = write
        self._statistics = statistics
        self._notifier = notifier
        self._write_message = write_message
        self._controls = controls or StreamControls(settings.score_threshold)
        self.loaded = threading.Event()
        """Set when the first model is loaded."""
        self._begun_s: float | None = None  # when the frame that is in work began
        self._stuck_s: float | None = None  # the same of the last one of which a message said that it is stuck
        self._label: str | None = None
        self._problem = ""
        self._labelled = 0

    @property
    def reached_limit(self) -> bool:
        """Whether as many frames were labelled as the settings say."""
        return self._labelled == self._settings.limit

    def look(self) -> None:
        """Print a message if the model is stuck in a frame, once for each; any thread may call it, now and then."""
        begun_s = self._begun_s
        if begun_s is not None and begun_s != self._stuck_s and time.monotonic() - begun_s > STUCK_S:
            self._stuck_s = begun_s
            self._write_message(f"the model has been in one frame for more than {STUCK_S:g} s; nothing is labelled")

    def run(self, stopping: threading.Event) -> None:
        """Load the model and label until ``stopping`` is set, the source ends, or ``limit`` frames are labelled.

        Raises :class:`~edge.errors.EdgeError` if the model cannot be loaded or run, or the source fails for good, and
        :class:`~edge.errors.UsageError` if the region does not lie within the first frame, or the model has not all
        labels that are needed.
        """
        first = self._models.load_first()
        self.loaded.set()
        if problem := missing_label(self._settings.needed_labels, first.card.classes):
            raise UsageError(problem)
        self._use(first)
        sequence, due_s = -1, 0.0
        while not stopping.wait(max(0.0, due_s - time.monotonic())):
            if not self._controls.watching:
                self._notifier.labelled("switched off")  # it is alive
                stopping.wait(_WAIT_S)
                continue
            try:
                frame = self._frames.newest(sequence, _WAIT_S)
            except EndOfStream:
                return
            if frame is None:
                continue
            sequence, due_s = frame.sequence, time.monotonic() + self._settings.every_s
            self._frames.rest_until(due_s)
            if model := self._models.take():
                self._replace_by(model)
            if self._label_frame(frame) and self.reached_limit:
                return

    def _use(self, model: StreamModel) -> None:
        self._model = model
        for line in model.messages():
            self._write_message(line)
        self._controls.recommended_threshold = model.score_threshold
        self._steadiness = Steadiness(smooth_s=self._settings.smooth_s, score_threshold=self._controls.threshold)

    def _replace_by(self, model: StreamModel) -> None:
        if not model.is_refit:
            self._use(model)
            self._statistics.count("model_swaps")
            self._write_message(f"model replaced: {model.card.name}, sha256 {model.card.sha256[:12]}")
            if problem := missing_label(self._settings.needed_labels, model.card.classes):
                self._write_message(problem)
        elif model.card.labels != self._model.card.labels:
            self._use(model)
        else:
            self._model = model
            self._controls.recommended_threshold = model.score_threshold

    def _label_frame(self, frame: Frame) -> bool:
        """Label ``frame`` and pass the observation on; False if the frame was skipped."""
        region = self._settings.region
        started = time.perf_counter()
        self._begun_s = time.monotonic()
        try:
            image = region.crop(frame.pixels) if region else frame.picture or frame.pixels
            gated = self._model.gated_scores(image)
        except (ImageError, UsageError) as error:
            if isinstance(error, UsageError) and not self._labelled:
                raise
            self._skip(str(error))
            return False
        finally:
            self._begun_s = None
        latency_ms = (time.perf_counter() - started) * 1000
        self._problem = ""
        self._steadiness.set_threshold(self._controls.threshold)
        steady = self._steadiness.update(gated.scores, frame.timestamp_s, bool(gated.rejected))
        frame_age_s = time.monotonic() - frame.timestamp_s
        labels = self._model.card.labels
        categories = _best(steady.scores, labels)
        label = UNKNOWN if steady.label_index is None else labels[steady.label_index]
        if label == self._model.card.unknown:  # whatever the file calls it: to sinks it is the same answer
            label = UNKNOWN
        if steady.label_index is None:
            score = categories[0].score if categories else 0.0
        else:
            score = float(steady.scores[steady.label_index])
        self._labelled += 1
        self._statistics.labelled(latency_ms, frame_age_s * 1000)
        self._write(
            Observation(
                frame=frame,
                label=label,
                score=score,
                categories=categories,
                raw=_best(gated.scores, labels),
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
