"""Progress of long work: named stages, each with how much of it is done, and messages between them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

Advance = Callable[[int], None]
"""Called with the number of items that were just finished."""


class Stage(NamedTuple):
    """How far a stage is: ``done`` of ``total`` items, None if the number is not known."""

    name: str
    done: int
    total: int | None


class Progress:
    """Calls a function with every step, or is silent; ``TerminalProgress`` draws bars.

    Messages go to a function too, or else to the logger ``trainer`` as warnings.
    """

    def __init__(
        self,
        on_progress: Callable[[Stage], None] | None = None,
        on_message: Callable[[str], None] | None = None,
    ) -> None:
        """Call ``on_progress`` at the start of each stage and whenever items are finished.

        ``on_message`` gets each message.
        """
        self._on_progress = on_progress
        self._on_message = on_message

    @contextlib.contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Report the stage ``name`` while the block runs; call the yielded function with the items just finished.

        ``total`` is the number of items, None if it is not known.
        """
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if self._on_progress is not None:
                self._on_progress(Stage(name, done, total))

        advance(0)
        yield advance

    def message(self, text: str) -> None:
        """Report one line of ``text``, without a new line at its end."""
        if self._on_message is not None:
            self._on_message(text)
        else:
            logging.getLogger("trainer").warning("%s", text)


SILENT = Progress()
"""Reports no stage; messages go to the logger."""

ProgressLike = Progress | Callable[[Stage], None] | None
"""What the API takes: a :class:`Progress`, a function that is called with each :class:`Stage`, or None for silence."""


def as_progress(progress: ProgressLike) -> Progress:
    """The :class:`Progress` that ``progress`` means."""
    return progress if isinstance(progress, Progress) else Progress(progress)
