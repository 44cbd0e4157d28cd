"""Watch a source with a model file from its first frame to its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.controls import StreamControls
from edge.inference.interpreter import check_threads, choose_runtime
from edge.inference.processor import check_processor
from edge.live.label_stream import label_stream
from edge.live.model import ModelChoice
from edge.live.swap import ModelSwap
from edge.live.watch import WatchSettings
from edge.messages import print_message
from edge.sinks.protocol import ObservationSink
from edge.sources.protocol import FrameSource
from edge.statistics import StreamStatistics
from edge.store.layout import store_of


def watch_source(
    source: FrameSource,
    model: ModelChoice,
    sinks: Sequence[ObservationSink],
    settings: WatchSettings,
    statistics: StreamStatistics,
    *,
    max_frame_age_s: float,
    retries: int | None,
    status: Path | None,
    controls: StreamControls | None = None,
) -> int:
    """Label ``source`` with ``model`` and pass the observations to ``sinks``, until it ends; returns the exit code.

    The arguments are those of :func:`edge.live.label_stream.label_stream`.

    A model of a store is confirmed with its first frame. If an earlier start with it was not confirmed, the store goes
    back to the previous model.

    Raises :class:`~edge.errors.EdgeError` if the model, the interpreter or the source cannot be used.
    """
    check_threads(model.threads)
    choose_runtime(model.runtime)
    check_processor()
    all_sinks = list(sinks)
    if store := store_of(model.path):
        from edge.live.confirmation import StoreConfirmation
        from edge.store.start import start_model

        start_model(store, print_message)
        all_sinks.append(StoreConfirmation(store, print_message))
    return label_stream(
        source,
        ModelSwap(model, statistics, print_message),
        all_sinks,
        settings,
        statistics,
        max_frame_age_s=max_frame_age_s,
        retries=retries,
        status=status,
        controls=controls,
        may_hang=model.delegate is not None,
    )
