"""Tables on stdout."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_PIPE_WIDTH = 400


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
