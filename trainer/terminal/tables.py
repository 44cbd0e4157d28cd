"""Tables on stdout, as a command prints them."""

from __future__ import annotations

import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from edge.printable import printable

_PIPE_WIDTH = 400  # characters


def print_table(heads: list[str], rows: list[list[Any]]) -> None:
    """Print ``rows`` under ``heads`` on stdout, all columns but the first aligned to the right.

    In a pipe or a file, no cell is cut off.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(printable(head), no_wrap=True, justify="right" if index else "left")
    for row in rows:
        table.add_row(*(printable(str(cell)) for cell in row))
    # A pipe has no width, and Rich would cut the table off at 80 characters, or at COLUMNS if FORCE_COLOR is set.
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    Console(markup=False, emoji=False, width=width).print(table)
