"""What runs on the nodes: an actor for each core, with an interpreter of its own, that computes runs of photos."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from edge.errors import EdgeError, ImageError, NotReadError
from trainer.cluster.readers import NoAnswerError, Readers, WhatIsRead
from trainer.cluster.same_numbers import Check, here

if TYPE_CHECKING:
    import pyarrow

READERS = 8
"""How many photos an actor reads at the same time: while one is computed, the next ones are on their way."""


class Outcome(NamedTuple):
    """What came of the item at ``place`` of those that were handed out: a ``result``, or the ``error`` of its worker.

    ``unread`` is the reason why the node could not read its file; then there is neither of them.
    """

    place: int
    result: Any = None
    error: EdgeError | None = None
    unread: str = ""


class PhotoActor:
    """Computes runs of items with one worker; Ray Data makes one for each core and hands blocks to it."""

    def __init__(self, pickled: bytes) -> None:
        """``pickled`` is made by :func:`pack`. On a node that was not examined yet, examine it.

        Raises :class:`~edge.errors.ConfigurationError` if the node would compute other numbers.
        """
        make_worker, check, examined, limit_s = pickle.loads(pickled)
        self._node = here()
        if self._node.id not in examined:
            check.run(make_worker)
        self._worker = make_worker()
        self._readers = Readers(READERS, limit_s)

    def __call__(self, block: pyarrow.Table) -> pyarrow.Table:
        """The outcomes of the run of items in each row of ``block``."""
        import pyarrow

        rows = [pickle.dumps((self._node, self._compute(pickle.loads(run)))) for run in block["run"].to_pylist()]
        return pyarrow.table({"outcomes": pyarrow.array(rows, pyarrow.binary())})

    def _compute(self, run: Sequence[tuple[int, Any]]) -> list[Outcome]:
        reading = [self._readers.ask(item.path) for _, item in run]
        outcomes = []
        for (place, item), future in zip(run, reading, strict=True):
            read = self._readers.wait(future)
            if isinstance(read, NotReadError):
                outcomes.append(Outcome(place, unread=str(read)))
            else:
                outcomes.append(compute_one(self._worker, place, item, read))
            if isinstance(read, NoAnswerError):  # no other one is waited for: that would take a minute each
                outcomes += [Outcome(later, unread=str(read)) for later, _ in run[len(outcomes) :]]
                break
        return outcomes


def compute_one(
    worker: Callable[[Any, Callable[[Path], WhatIsRead]], Any], place: int, item: Any, read: WhatIsRead | ImageError
) -> Outcome:
    """The outcome of ``item`` if its file gives ``read``."""

    def again(_: Path) -> WhatIsRead:
        if isinstance(read, ImageError):
            raise read
        return read

    try:
        return Outcome(place, worker(item, again))
    except EdgeError as error:
        return Outcome(place, error=error)


def pack(make_worker: Callable[[], Any], check: Check, examined: set[str], limit_s: float) -> bytes:
    """The argument of :class:`PhotoActor`; ``examined`` are the ids of nodes that need no check any more.

    A photo may take ``limit_s`` seconds to be read.
    """
    from ray import cloudpickle

    packed: bytes = cloudpickle.dumps((make_worker, check, examined, limit_s))
    return packed
