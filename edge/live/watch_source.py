"""Watch a source from its first frame to its end: puts the parts of a stream together and runs them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from edge.inference.interpreter import check_threads, choose_runtime
from edge.inference.processor import check_processor
from edge.live.fanout import Fanout
from edge.live.grabber import Grabber
from edge.live.model import ModelChoice
from edge.live.run import run
from edge.live.swap import ModelSwap
from edge.live.watch import Watch, WatchSettings
from edge.messages import print_message
from edge.service.notify import Notifier
from edge.sinks.protocol import ObservationSink
from edge.sources.protocol import FrameSource
from edge.statistics import StreamStatistics
from edge.status import STATUS_NAME, StatusFile
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
) -> int:
    """Label ``source`` with ``model`` and pass the observations to ``sinks``, until it ends; returns the exit code.

    It ends with the source, after ``settings.limit`` frames, or with SIGINT or SIGTERM: :func:`edge.live.run.run`. It
    must run on the main thread, because it handles signals. ``statistics`` are the counts that the sinks show.

    ``max_frame_age_s`` and ``retries`` are those of :class:`edge.live.grabber.Grabber`. ``status`` is the status file;
    None means the one of the systemd service, if it runs as one.

    A model of a store is confirmed with its first frame. If an earlier start with it was not confirmed, the store goes
    back to the previous model.

    Raises :class:`~edge.errors.EdgeError` if the model, the interpreter or the source cannot be used.
    """
    check_threads(model.threads)
    choose_runtime(model.runtime)
    check_processor()
    grabber = Grabber(source, statistics, max_frame_age_s=max_frame_age_s, retries=retries)
    all_sinks = list(sinks)
    if status_file := status or _service_status():
        all_sinks.append(StatusFile(status_file, statistics, settings.every_s))
    if store := store_of(model.path):
        from edge.live.confirmation import StoreConfirmation
        from edge.store.start import start_model

        start_model(store, print_message)
        all_sinks.append(StoreConfirmation(store, print_message))
    swap, notifier = ModelSwap(model, statistics, print_message), Notifier()
    fanout = Fanout(all_sinks, statistics, print_message)
    watch = Watch(
        settings,
        frames=grabber,
        swap=swap,
        write=fanout.write,
        statistics=statistics,
        notifier=notifier,
        write_message=print_message,
    )
    code = run(watch, grabber=grabber, fanout=fanout, swap=swap, notifier=notifier)
    counts = statistics.snapshot()
    print_message(
        f"{counts.frames_labelled} of {counts.frames_grabbed} frames labelled, {counts.reconnects} reconnects"
    )
    return code


def _service_status() -> Path | None:
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]  # of several folders the first
    return Path(folder) / STATUS_NAME if folder else None
