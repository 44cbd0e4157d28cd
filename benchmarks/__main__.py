"""``python -m benchmarks``: every measurement that the README and the docs quote, one command each."""

from __future__ import annotations

import sys

import typer

from benchmarks.commands import accuracy, boards, device, hostile, networks, scale, speed, strangers, without_photos
from edge.run_command import run_command

app = typer.Typer(
    help="Measure the trainer and the edge package.", no_args_is_help=True, pretty_exceptions_enable=False
)
for commands in (accuracy, strangers, networks, speed, scale, without_photos, boards, device, hostile):
    app.add_typer(commands.app)

if __name__ == "__main__":
    sys.exit(run_command("benchmarks", app))
