"""Progress bars on stderr, for people at a terminal; silent everywhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]


class Stages:
    """One bar for each stage, and lines between them. Without a terminal on stderr there are no bars."""

    def __init__(self, quiet: bool = False) -> None:
        """With ``quiet`` print nothing at all, neither bars nor lines."""
        self._console = Console(stderr=True, emoji=False)  # a file may be called :rose:.jpg
        self._quiet = quiet
        self._shown = self._console.is_terminal and not quiet

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Show the stage ``name`` while the block runs; call the yielded function with the items done.

        Without a ``total`` the bar only shows that something is going on.
        """
        if not self._shown:
            yield lambda count: None
            return
        columns = [SpinnerColumn(), TextColumn("{task.description:<24}"), BarColumn()]
        if total is not None:
            columns += [MofNCompleteColumn(), TimeRemainingColumn()]
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(name, total=total)
            yield lambda count: progress.advance(task, count)
            if total is None:  # a pulsing bar would go on pulsing after its stage has ended
                progress.update(task, total=1, completed=1)

    def say(self, line: str) -> None:
        """Print one line on stderr, unless all is quiet."""
        if not self._quiet:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)
