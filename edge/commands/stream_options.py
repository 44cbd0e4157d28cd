"""The options of a stream: its source, and how its frames are labelled."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from edge.commands.arguments import count, fraction, seconds, whole_number
from edge.errors import UsageError
from edge.local_path import local_path
from edge.secrets import SOURCE_VARIABLE
from edge.status import STATUS_NAME

if TYPE_CHECKING:
    from edge.live.region import Region
    from edge.live.watch import WatchSettings
    from edge.sources.protocol import FrameSource


_SOURCE = "a camera (0, /dev/video0, picamera2:), a video file, a URL or a folder"


def add_stream_options(parser: argparse.ArgumentParser, *, no_source: str = "default") -> None:
    """Add the source, and the options that do not depend on where the model comes from.

    ``no_source`` says when the source is that of the environment.
    """
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help=f"{_SOURCE} ({no_source}: ${SOURCE_VARIABLE})",
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
        "--max-frame-age",
        type=_age,
        default=1.0,
        metavar="SECONDS",
        help="drop frames older than this (default %(default)g)",
    )
    parser.add_argument(
        "--retries",
        type=whole_number,
        metavar="N",
        help="end after this many failed attempts in a row to open the source again (default: never)",
    )
    parser.add_argument("--count", type=count, metavar="N", help="end after this many labelled frames (default: never)")
    parser.add_argument("--threads", type=count, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--status",
        type=local_path,
        metavar="FILE",
        help="write the process, the model and the count of labelled frames to this file once a second "
        f"(default: $RUNTIME_DIRECTORY/{STATUS_NAME} in a service)",
    )


def source_address(given: str | None) -> str:
    """The source that the command line names, else that of the environment: an address there may hold a password.

    Raises :class:`~edge.errors.UsageError` if there is none.
    """
    source = given if given is not None else os.environ.get(SOURCE_VARIABLE)
    if source is None:
        raise UsageError(f"which source? give SOURCE, such as 0 for the first camera, or set {SOURCE_VARIABLE}")
    return source


def open_stream(address: str, options: argparse.Namespace) -> FrameSource:
    """The source at ``address`` with what parsed ``options`` say; it is opened later.

    Raises :class:`~edge.errors.UsageError` if it is not one.
    """
    from edge.sources.uri import open_source

    return open_source(address, recursive=options.recursive, every_s=options.every, ca_file=options.ca_file)


def stream_settings(options: argparse.Namespace, needed_labels: tuple[str, ...] = ()) -> WatchSettings:
    """How parsed ``options`` want the frames labelled, by a model with ``needed_labels``."""
    from edge.live.watch import WatchSettings

    return WatchSettings(
        every_s=options.every,
        region=options.region,
        smooth_s=options.smooth,
        score_threshold=options.score_threshold,
        limit=options.count,
        needed_labels=needed_labels,
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
