"""``edge watch``: label a live stream."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.arguments import (
    add_command,
    add_model,
    add_model_options,
    count,
    fraction,
    model_path,
    pixel_options,
    seconds,
)
from edge.commands.sink_options import add_sink_options, sink_options
from edge.errors import UsageError
from edge.secrets import SOURCE_VARIABLE
from edge.status import STATUS_NAME

if TYPE_CHECKING:
    from edge.commands.arguments import Commands
    from edge.live.region import Region


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
        "source",
        nargs="?",
        metavar="SOURCE",
        help=f"a camera (0, /dev/video0, picamera2:), a video file, a URL or a folder (default: ${SOURCE_VARIABLE})",
    )
    parser.add_argument(
        "--every",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="the shortest time between two labelled frames (default: label every frame)",
    )
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        help="trust only these certificates of an https:// camera, or of its authority (default: those of the system)",
    )
    parser.add_argument(
        "--recursive", action="store_true", help="watch all folders below a folder too, also those that come later"
    )
    parser.add_argument(
        "--region",
        type=_region,
        metavar="X,Y,W,H",
        help="label only this part of the frame: left, top, width, height in pixels (default: the whole frame)",
    )
    parser.add_argument(
        "--smooth",
        type=seconds,
        default=0.5,
        metavar="SECONDS",
        help="average the scores over about this time; 0: no averaging (default %(default)g)",
    )
    parser.add_argument(
        "--score-threshold",
        type=fraction,
        metavar="SCORE",
        help="the label is unknown below this score, 0 to 1 (default: what the model recommends, else 0)",
    )
    parser.add_argument(
        "--reject", action="store_true", help="the label is unknown for pictures that are like no class of the model"
    )
    parser.add_argument(
        "--max-frame-age",
        type=_age,
        default=1.0,
        metavar="SECONDS",
        help="drop frames older than this (default %(default)g)",
    )
    parser.add_argument(
        "--retries",
        type=_retries,
        metavar="N",
        help="end after this many failed attempts in a row to open the source again (default: never)",
    )
    parser.add_argument("--count", type=count, metavar="N", help="end after this many labelled frames (default: never)")
    parser.add_argument("--threads", type=count, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--status",
        type=Path,
        metavar="FILE",
        help="write the process, the model and the count of labelled frames to this file once a second "
        f"(default: $RUNTIME_DIRECTORY/{STATUS_NAME} in a service)",
    )
    add_model(parser)
    add_model_options(parser)
    add_sink_options(parser)


def source_address(given: str | None) -> str:
    """The source that the command line names, else that of the environment: an address there may hold a password.

    Raises :class:`~edge.errors.UsageError` if there is none.
    """
    source = given if given is not None else os.environ.get(SOURCE_VARIABLE)
    if source is None:
        raise UsageError(f"which source? give SOURCE, such as 0 for the first camera, or set {SOURCE_VARIABLE}")
    return source


def _watch(options: argparse.Namespace) -> int:
    # Imported here, because only a stream needs them: sockets, queues, OpenCV for some sources.
    from edge.live.model import ModelChoice
    from edge.live.watch import WatchSettings
    from edge.live.watch_source import watch_source
    from edge.messages import print_message
    from edge.parallel import available_cores
    from edge.sinks.make_sinks import make_sinks
    from edge.sources.uri import open_source
    from edge.statistics import StreamStatistics

    address = source_address(options.source)
    statistics = StreamStatistics()
    settings = WatchSettings(
        every_s=options.every,
        region=options.region,
        smooth_s=options.smooth,
        score_threshold=options.score_threshold,
        limit=options.count,
    )
    model = ModelChoice(
        path=model_path(options.model),
        labels=options.labels,
        threads=options.threads or available_cores(),
        runtime=options.runtime,
        reject=options.reject,
        **pixel_options(options),
    )
    source = open_source(address, recursive=options.recursive, every_s=options.every, ca_file=options.ca_file)
    sinks = make_sinks(sink_options(options), statistics, print_message)
    return watch_source(
        source,
        model,
        sinks,
        settings,
        statistics,
        max_frame_age_s=options.max_frame_age,
        retries=options.retries,
        status=options.status,
    )


def _region(text: str) -> Region:
    from edge.live.region import Region

    try:
        return Region.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _age(text: str) -> float:
    value = seconds(text)
    if value == 0:
        raise argparse.ArgumentTypeError("every frame is older than 0 seconds; give a time above 0, such as 1")
    return value


def _retries(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
