"""What people read: tables on stdout, the names of skipped files on stderr."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from trainer.dataset import Skipped
from trainer.progress import Stages

_PIPE_WIDTH = 400
_MOST_NAMED = 20  # skipped files named one by one on stderr; --json names all


def print_table(heads: list[str], rows: list[list[Any]]) -> None:
    """Print ``rows`` under ``heads`` on stdout, numbers to the right, no cell ever cut off in a pipe."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(head, no_wrap=True, justify="right" if index else "left")
    for row in rows:
        table.add_row(*map(str, row))
    console = Console(markup=False, emoji=False)
    # A pipe has no width; a table that is cut off at 80 columns there would lose data.
    (console if console.is_terminal else Console(markup=False, emoji=False, width=_PIPE_WIDTH)).print(table)


def name_skipped(skipped: list[Skipped], stages: Stages) -> None:
    """Say on stderr which files were passed over and why, the first twenty by name."""
    shown = [entry for entry in skipped if entry.reason != "hidden"]
    for entry in shown[:_MOST_NAMED]:
        stages.say(f"trainer: skipped {entry.path}: {entry.reason}")
    if len(shown) > _MOST_NAMED:
        stages.say(f"trainer: skipped {len(shown) - _MOST_NAMED} more; --json names them all")
