"""Label a source from its first frame to its end: puts the parts of a stream together and runs them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.controls import StreamControls
from edge.errors import UnavailableError
from edge.live.fanout import Fanout
from edge.live.grabber import Grabber
from edge.live.protocols import ModelSource
from edge.live.run import run
from edge.live.watch import Watch, WatchSettings
from edge.messages import print_message
from edge.service.notify import Notifier
from edge.sinks.protocol import ObservationSink
from edge.sources.protocol import FrameSource
from edge.statistics import StreamStatistics
from edge.status import STATUS_NAME, StatusFile


def label_stream(
    source: FrameSource,
    models: ModelSource,
    sinks: Sequence[ObservationSink],
    settings: WatchSettings,
    statistics: StreamStatistics,
    *,
    max_frame_age_s: float,
    retries: int | None,
    status: Path | None,
    notifier: Notifier | None = None,
    write_message: Callable[[str], None] = print_message,
    outlasts_source: bool = False,
    controls: StreamControls | None = None,
    may_hang: bool = False,
) -> int:
    """Label ``source`` with the newest of ``models`` and pass the observations to ``sinks``; returns the exit code.

    It ends with the source, after ``settings.limit`` frames, or with SIGINT or SIGTERM: :func:`edge.live.run.run`. With
    ``outlasts_source`` the end of the source does not end it: after a message it waits for a signal. It must run on the
    main thread, because it handles signals. ``statistics`` are the counts that the sinks show.

    ``max_frame_age_s`` and ``retries`` are those of :class:`edge.live.grabber.Grabber`. ``status`` is the status file;
    None means the one of the systemd service, if it runs as one. ``notifier`` is the connection to systemd, None: a new
    one. ``write_message`` gets the lines for the user. ``controls`` are those of :class:`edge.live.watch.Watch`. With
    ``may_hang`` the code that loads the first model may hang so that Python does too, as that of a delegate: until then
    a signal ends the process at once.

    Raises :class:`~edge.errors.EdgeError` if the model or the source cannot be used.
    """
    grabber = Grabber(source, statistics, max_frame_age_s=max_frame_age_s, retries=retries, write_message=write_message)
    all_sinks = list(sinks)
    if status_file := status or _service_status():
        all_sinks.append(StatusFile(status_file, statistics, settings.every_s))
    notifier = notifier or Notifier()
    fanout = Fanout(all_sinks, statistics, write_message)
    watch = Watch(
        settings,
        frames=grabber,
        models=models,
        write=fanout.write,
        statistics=statistics,
        notifier=notifier,
        write_message=write_message,
        controls=controls,
    )

    def label(stopping: threading.Event) -> None:
        end = "the source has ended"
        try:
            watch.run(stopping)
        except UnavailableError as error:
            if not outlasts_source or retries is not None:
                raise
            end = str(error)
        if outlasts_source and not watch.reached_limit and not stopping.is_set():
            write_message(f"{end}; all but the stream goes on until you press Ctrl-C")
            stopping.wait()

    loaded = watch.loaded if may_hang else None
    code = run(label, grabber=grabber, fanout=fanout, models=models, notifier=notifier, look=watch.look, loaded=loaded)
    counts = statistics.snapshot()
    write_message(
        f"{counts.frames_labelled} of {counts.frames_grabbed} frames labelled, {counts.reconnects} reconnects"
        f"{_of_actions(counts.actions)}"
    )
    return code


def _of_actions(counts: dict[tuple[str, str], int]) -> str:
    """Such as ``; command 3 done, 1 timed out; webhook 5 done``."""
    by_action: dict[str, list[str]] = {}
    for (action, result), count in sorted(counts.items()):
        by_action.setdefault(action, []).append(f"{count} {result.replace('_', ' ')}")
    return "".join(f"; {action} {', '.join(results)}" for action, results in by_action.items())


def _service_status() -> Path | None:
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]  # of several folders the first
    return Path(folder) / STATUS_NAME if folder else None
