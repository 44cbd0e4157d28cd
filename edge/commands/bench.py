"""``edge bench``: how fast models run on this device."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, add_pixel_options, count, counts, runtimes
from edge.commands.delegate_options import add_delegate_options, delegate_choice
from edge.errors import UsageError
from edge.inference.interpreter import RUNTIMES

if TYPE_CHECKING:
    from edge.commands.arguments import Commands

SOAK_MINUTES = 10.0
"""How long the board is under load if the user does not say it."""


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    bench = add_command(
        commands,
        "bench",
        "Measure how fast models run on this device, and which quantization is the fastest.",
        "edge bench models/ --threads 1,4 --output bench.json",
    )
    bench.add_argument(
        "models", nargs="*", metavar="MODEL_OR_FOLDER", help="a model file, or a folder of .tflite files"
    )
    bench.add_argument(
        "--standard",
        action="store_true",
        help="measure a fixed set instead, the same on every board: 16 MobileNets with weights from a seed, int8 and "
        "float32, then minutes of load (about half an hour)",
    )
    bench.add_argument(
        "--soak-minutes",
        type=float,
        metavar="MINUTES",
        help=f"with --standard: how long the board is under load (default {SOAK_MINUTES:g})",
    )
    bench.add_argument(
        "--threads",
        action="extend",
        type=counts,
        metavar="N,N",
        help="numbers of CPU threads (default: 1, and all cores)",
    )
    bench.add_argument(
        "--runtime",
        action="extend",
        type=runtimes,
        metavar="NAME,NAME",
        help=f"interpreters: {', '.join(RUNTIMES)} (default: all that are installed)",
    )
    bench.add_argument("--rounds", type=count, default=5, help="how often each model is measured (default %(default)s)")
    bench.add_argument(
        "--seconds",
        type=float,
        default=1.0,
        help="seconds of timing for each model in each round (default %(default)g)",
    )
    bench.add_argument("--photo", metavar="FILE.jpg", help="a photo to decode and label (default: a drawn one)")
    bench.add_argument(
        "--output",
        metavar="FILE.json",
        help="write the results; after an interruption, the same command goes on",
    )
    bench.add_argument("--csv", metavar="FILE.csv", help="write the rows of the table as CSV")
    bench.add_argument("--json", action="store_true", help="print the results as JSON instead of a table")
    bench.add_argument("--labels", help="label file for a model that carries none (not needed for measuring)")
    add_pixel_options(bench)
    add_delegate_options(bench)
    bench.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> int:
    from edge.bench.run import bench  # subprocess, csv and more, which edge label never needs

    options.delegate = delegate_choice(options)
    if options.soak_minutes is not None and not options.standard:
        raise UsageError("--soak-minutes is for the fixed set; give --standard too, or leave it out")
    if options.soak_minutes is None:
        options.soak_minutes = SOAK_MINUTES
    return bench(options)
