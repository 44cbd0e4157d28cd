"""``edge watch``: a live stream."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, add_model, add_model_options, count, fraction, model_path, seconds
from edge.commands.sink_options import add_sink_options, make_sinks

if TYPE_CHECKING:
    from edge.commands.arguments import Commands
    from edge.live.region import Region

_STATUS_NAME = "watch.json"


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    watch = add_command(
        commands,
        "watch",
        "Label a live stream, for weeks: a camera, an address, a video file or a folder that grows.",
        "edge watch 0 --model models/flowers.tflite --web 8080",
    )
    add_watch_options(watch)
    watch.set_defaults(command=_watch)


def add_watch_options(parser: argparse.ArgumentParser) -> None:
    """Add the source and every option of the command."""
    parser.add_argument(
        "source", metavar="SOURCE", help="a camera (0, /dev/video0, picamera2:), a video, a URL or a folder"
    )
    parser.add_argument(
        "--every", type=seconds, default=0.0, metavar="SECONDS", help="label at most that often (default: every frame)"
    )
    parser.add_argument("--region", type=_region, metavar="X,Y,W,H", help="look at this part of the frame, in pixels")
    parser.add_argument(
        "--smooth",
        type=seconds,
        default=0.5,
        metavar="SECONDS",
        help="average the scores over about this time; 0: each frame stands alone (default %(default)g)",
    )
    parser.add_argument(
        "--score-threshold",
        type=fraction,
        metavar="SCORE",
        help="say unknown below this score, 0 to 1 (default: what the model recommends, else 0)",
    )
    parser.add_argument("--reject", action="store_true", help="say unknown to what is like no class of the model")
    parser.add_argument(
        "--max-frame-age",
        type=_age,
        default=1.0,
        metavar="SECONDS",
        help="drop frames older than this (default %(default)g)",
    )
    parser.add_argument(
        "--retries", type=_retries, metavar="N", help="give up after this many failed tries to open the source in a row"
    )
    parser.add_argument("--count", type=count, metavar="N", help="end after this many labelled frames")
    parser.add_argument("--threads", type=count, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--status",
        type=Path,
        metavar="FILE",
        help=f"write what is being done there, once a second (default: $RUNTIME_DIRECTORY/{_STATUS_NAME} in a service)",
    )
    add_model(parser)
    add_model_options(parser)
    add_sink_options(parser)


def _watch(options: argparse.Namespace) -> int:
    # What only a stream needs is imported here: sockets, queues, OpenCV behind some sources.
    from edge.inference.interpreter import check_threads, choose_runtime
    from edge.live.fanout import Fanout
    from edge.live.grabber import Grabber
    from edge.live.model import ModelChoice
    from edge.live.run import run
    from edge.live.swap import ModelSwap
    from edge.live.watch import Settings, Watch
    from edge.messages import tell
    from edge.parallel import available_cores
    from edge.service.notify import Notifier
    from edge.sources.uri import open_source
    from edge.statistics import StreamStatistics
    from edge.status import StatusFile
    from edge.store.layout import store_of

    statistics, notifier = StreamStatistics(), Notifier()
    choice = ModelChoice(
        model_path(options.model), options.labels, options.threads or available_cores(), options.runtime, options.reject
    )
    check_threads(choice.threads)
    choose_runtime(choice.runtime)
    grabber = Grabber(
        open_source(options.source),
        statistics,
        max_frame_age_s=options.max_frame_age,
        retries=options.retries,
        tell=tell,
    )
    confirmation = []
    if store := store_of(choice.path):
        from edge.live.confirmation import StoreConfirmation
        from edge.store.start import start_model

        start_model(store, tell)  # after a crash it may go back from a model that never proved itself
        confirmation.append(StoreConfirmation(store, tell))
    swap = ModelSwap(choice, statistics, tell)
    sinks = make_sinks(options, statistics)
    if status := _status_path(options):
        sinks.append(StatusFile(status, statistics))
    fanout = Fanout([*sinks, *confirmation], statistics, tell)
    settings = Settings(options.every, options.region, options.smooth, options.score_threshold, options.count)
    watch = Watch(grabber, swap, fanout.write, statistics, notifier, tell, settings)
    code = run(watch, grabber, fanout, swap, notifier)
    counts = statistics.snapshot()
    tell(f"{counts.frames_labelled} of {counts.frames_grabbed} frames labelled, {counts.reconnects} reconnects")
    return code


def _status_path(options: argparse.Namespace) -> Path | None:
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]  # of several, systemd's first
    chosen: Path | None = options.status or (Path(folder) / _STATUS_NAME if folder else None)
    return chosen


def _region(text: str) -> Region:
    from edge.live.region import Region

    try:
        return Region.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _age(text: str) -> float:
    value = seconds(text)
    if value == 0:
        raise argparse.ArgumentTypeError("a frame is never of age 0; give a time above 0, such as 1")
    return value


def _retries(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
