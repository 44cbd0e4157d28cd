"""Progress bars and messages on stderr; if it is not a terminal, only messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich import progress as rich
from rich.console import Console
from rich.text import Text

from edge.printable import printable
from trainer.progress import Advance, Progress


class _RateColumn(rich.ProgressColumn):
    """How many items are done in a second, over the last half minute."""

    def render(self, task: rich.Task) -> Text:
        """Empty as long as it is not known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s")


class TerminalProgress(Progress):
    """One bar for each stage, and messages between them. If stderr is not a terminal there are no bars."""

    def __init__(self, program: str = "trainer") -> None:
        """Begin each message with the name of ``program``; with an empty one, with nothing."""
        super().__init__()
        self._prefix = f"{program}: " if program else ""
        self._console = Console(stderr=True, emoji=False)  # a file may be called :rose:.jpg

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Show the stage ``name`` while the block runs; call the yielded function with the items just finished.

        Without a ``total`` the bar only shows that the program is working.
        """
        if not self._console.file.isatty():  # FORCE_COLOR and the like make Rich take a file for a terminal
            yield lambda count: None
            return
        columns = [rich.SpinnerColumn(), rich.TextColumn("{task.description:<24}"), rich.BarColumn()]
        if total is not None:
            columns += [rich.MofNCompleteColumn(), _RateColumn(), rich.TimeRemainingColumn()]
        with rich.Progress(*columns, console=self._console) as bars:
            task = bars.add_task(name, total=total)
            yield lambda count: bars.advance(task, count)
            if total is None:  # a pulsing bar would pulse on after its stage has ended
                bars.update(task, total=1, completed=1)

    def message(self, text: str) -> None:
        """Print one line of ``text`` on stderr, without markup and with ``?`` for what controls a terminal."""
        self._console.print(self._prefix + printable(text), highlight=False, markup=False, soft_wrap=True)
