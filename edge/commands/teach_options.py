"""The options of ``trainer teach``: those of a stream and its sinks, and its own.

They are here because ``edge service --teach`` must read them too, on a device that may have no trainer yet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.commands.arguments import add_pixel_options, add_runtime, whole_number
from edge.commands.sink_options import add_sink_options
from edge.commands.stream_options import add_stream_options, source_address
from edge.local_path import local_path
from edge.secrets import ENVIRONMENT_SOURCE

OFFLINE = "offline"
"""The value of ``--weights`` that is no file."""

DEFAULT_FOLDER = Path("photos")
DEFAULT_ADDRESS = ("127.0.0.1", 8080)
"""Where the page is served if no other address is given."""


def add_teach_options(parser: argparse.ArgumentParser) -> None:
    """Add the source, FOLDER, and every option of the command."""
    from edge.store.layout import ROOT_VARIABLE  # most commands of a device do without it, and start sooner

    add_stream_options(parser, no_source=f"{ENVIRONMENT_SOURCE} or default")
    parser.add_argument(
        "folder",
        nargs="?",
        type=local_path,
        default=DEFAULT_FOLDER,
        metavar="FOLDER",
        help="the folder with one folder of photos for each class; it is made if it is missing (default: photos)",
    )
    parser.add_argument(
        "--backbone",
        type=local_path,
        metavar="FILE",
        help="a model file of this project, whose own classes are not used; or what trainer backbone wrote; or a "
        ".tflite of another project (default: the store's current model, else the backbone of --architecture)",
    )
    add_pixel_options(parser)
    parser.add_argument(
        "--architecture",
        metavar="NAME",
        help="the network if there is no model file, such as mobilenet_0.50_224: trainer architectures lists them",
    )
    parser.add_argument(
        "--weights", metavar="FILE", help=f"a file of weights, or '{OFFLINE}' for those of the offline extra"
    )
    parser.add_argument(
        "--bottleneck-dir",
        type=local_path,
        metavar="DIR",
        help="the folder that keeps backbones and bottlenecks between runs (default: in your cache folder)",
    )
    parser.add_argument(
        "--inbox",
        type=local_path,
        metavar="DIR",
        help="a folder of frames that edge watch --capture fills, for you to sort (default: that of --capture, else "
        "one inside FOLDER)",
    )
    parser.add_argument(
        "--store",
        type=local_path,
        metavar="DIR",
        help=f"the store that gets the models that you save (default: ${ROOT_VARIABLE}, else as edge store)",
    )
    parser.add_argument(
        "--remember",
        type=whole_number,
        default=0,
        metavar="N",
        help="pack the bottlenecks of N photos of each class into saved models, as in trainer retrain (default: 0)",
    )
    parser.add_argument(
        "--pull",
        metavar="HOST",
        help="start no session, but copy the photos of another device, user@host[:port], over SSH into FOLDER, which "
        "is the only argument then",
    )
    parser.add_argument(
        "--pull-folder",
        default="photos",
        metavar="DIR",
        help="with --pull: the folder of the photos there (default: photos, in the home of the user)",
    )
    parser.add_argument(
        "--ssh-config",
        type=local_path,
        metavar="FILE",
        help="with --pull: configuration file of ssh (default: ~/.ssh/config)",
    )
    add_runtime(parser)
    add_sink_options(parser, web="where the page is served; without HOST only this machine can open it (default: 8080)")


def named_source(options: argparse.Namespace) -> str | None:
    """The source that the command line names; None if it is that of the environment."""
    return None if options.source == ENVIRONMENT_SOURCE else options.source


def teach_source(options: argparse.Namespace) -> str:
    """The source of parsed ``options``, of the command line or of the environment.

    Raises :class:`~edge.errors.UsageError` if there is none.
    """
    return source_address(named_source(options))
