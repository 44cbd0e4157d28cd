"""The progress of a flash in the terminal: one row for each target."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn

from edge.errors import UnavailableError
from edge.printable import printable
from trainer.flash.target import Target


class ProgressRow:
    """The row of one target.

    Once ``stopping`` is set, :meth:`stage` and :meth:`advance` raise :class:`~edge.errors.UnavailableError`, so that
    the work for the target ends.
    """

    def __init__(self, progress: Progress, name: str, stopping: threading.Event, *, shown: bool) -> None:
        """Add a row called ``name`` to ``progress``; the rows appear only if they are ``shown``."""
        self._progress, self._shown, self._stopping = progress, shown, stopping
        self._task = progress.add_task(name, total=None, stage="waiting")

    def stage(self, text: str, total_bytes: int | None = None) -> None:
        """Show ``text``, the current step; with ``total_bytes`` the bar starts again at 0 of these."""
        self._check()
        if self._shown:
            self._progress.start()
        if total_bytes is not None:
            self._progress.reset(self._task, total=total_bytes)
        self._progress.update(self._task, stage=text)

    def advance(self, size_bytes: int) -> None:
        """Move the bar on by ``size_bytes``."""
        self._check()
        self._progress.advance(self._task, size_bytes)

    def say(self, line: str) -> None:
        """Print one line on stderr, above the rows."""
        self._progress.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def end(self, state: str) -> None:
        """Show the final ``state`` of the target and a full bar."""
        self._progress.update(self._task, stage=state, total=1, completed=1)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise UnavailableError("interrupted; run the same command again to continue")


@contextlib.contextmanager
def progress_rows(targets: list[Target], stopping: threading.Event) -> Iterator[dict[Target, ProgressRow]]:
    """A row for every target while the block runs. The rows appear at the first stage: before, ssh may ask a question.

    Nothing is shown if stderr is not a terminal.
    """
    console = Console(stderr=True, emoji=False)
    columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False), TextColumn("{task.fields[stage]:<12}")]
    progress = Progress(*columns, BarColumn(), DownloadColumn(), console=console)
    shown = console.file.isatty()  # not is_terminal, which FORCE_COLOR makes true for a file
    try:
        yield {target: ProgressRow(progress, target.name, stopping, shown=shown) for target in targets}
    finally:
        if shown:  # without a terminal, stop() would print an empty line
            progress.stop()
