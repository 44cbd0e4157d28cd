"""What people see of a flash: a row a target while it runs, and a table at the end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn

from edge.errors import UnavailableError
from trainer.flash.outcome import Outcome
from trainer.flash.target import Target
from trainer.terminal.tables import print_table


class Row:
    """The row of one target; calls from its worker end with an error once ``stopping`` is set."""

    def __init__(self, progress: Progress, shown: bool, name: str, stopping: threading.Event) -> None:
        """A row for the target ``name`` in ``progress``, where that is ``shown``."""
        self._progress, self._shown, self._stopping = progress, shown, stopping
        self._task = progress.add_task(name, total=None, stage="waiting")

    def stage(self, text: str, total_bytes: int | None = None) -> None:
        """Say what is being done; with ``total_bytes`` a bar begins to fill."""
        self._check()
        if self._shown:
            self._progress.start()
        if total_bytes is not None:
            self._progress.reset(self._task, total=total_bytes)
        self._progress.update(self._task, stage=text)

    def advance(self, size_bytes: int) -> None:
        """So many bytes more are there."""
        self._check()
        self._progress.advance(self._task, size_bytes)

    def say(self, line: str) -> None:
        """Print one line of talk on stderr, above the rows."""
        self._progress.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def end(self, state: str) -> None:
        """Show how it ended."""
        self._progress.update(self._task, stage=state, total=1, completed=1)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise UnavailableError("interrupted; run the same command again to go on")


@contextlib.contextmanager
def rows(targets: list[Target], stopping: threading.Event) -> Iterator[dict[Target, Row]]:
    """A row for every target while the block runs, from the first stage on: until then ssh may ask for a password.

    Nothing is shown where stderr is no terminal.
    """
    console = Console(stderr=True, emoji=False)
    columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False), TextColumn("{task.fields[stage]:<12}")]
    progress = Progress(*columns, BarColumn(), DownloadColumn(), console=console)
    try:
        yield {target: Row(progress, console.is_terminal, target.name, stopping) for target in targets}
    finally:
        if console.is_terminal:  # elsewhere this would print an empty line
            progress.stop()


def print_outcomes(outcomes: list[Outcome]) -> None:
    """Print the summary table on stdout."""
    heads = ["target", "state", "model", "before", "sent", "seconds", ""]
    print_table(heads, [_cells(outcome) for outcome in outcomes])


def _cells(outcome: Outcome) -> list[str]:
    return [
        outcome.target,
        outcome.state,
        (outcome.current or "")[:12],
        (outcome.previous or "")[:12],
        decimal(outcome.sent_bytes) if outcome.sent_bytes else "",
        f"{outcome.duration_s:.1f}",
        outcome.detail if outcome.good else "",
    ]
