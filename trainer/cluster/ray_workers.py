"""Workers on the cores of a Ray cluster, for whoever maps a worker over photos."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Any

from edge.errors import ConfigurationError, NotReadError, StorageError
from trainer.bottlenecks.workers import Item, MakeWorker, Result
from trainer.cluster.errors_of_ray import explained
from trainer.cluster.executions import Executions
from trainer.cluster.nodes import Examined, examine_nodes, pack_check
from trainer.cluster.photo_actor import Outcome, compute_one, pack
from trainer.cluster.readers import READ_LIMIT_S, NoAnswerError, Readers, how_to_reach
from trainer.cluster.same_numbers import COMPARED, Check, Node
from trainer.progress import Progress

PORTION = 200_000
"""How many items one execution of Ray Data gets: what is known of them waits in the memory of this process."""

MOST_UNREAD = 100
"""How many photos this machine reads for a node that cannot read them."""

_END_LIMIT_S = 10.0
"""How long the threads of Ray Data that use the connection may take to end, in seconds, each."""


class RayWorkers:
    """Workers on the cluster that this process is connected to by now; messages go to ``progress``.

    A photo may take ``read_limit_s`` seconds to be read.
    """

    def __init__(self, progress: Progress, read_limit_s: float = READ_LIMIT_S) -> None:
        self._progress = progress
        self._read_limit_s = read_limit_s
        self._on_their_way: set[Generator[tuple[Node, Outcome], None, None]] = set()
        self._of_the_connection = set(threading.enumerate())  # Ray ends these itself

    def close(self) -> None:
        """Give up all results that are on their way, to be called before the connection is closed.

        Ray's code in C++ may end the process without a word if the connection is closed while a thread uses it. Whoever
        takes results may have ended with an error that keeps them alive, and Ray itself waits for a part of its threads
        alone, for two seconds.
        """
        for outcomes in list(self._on_their_way):
            outcomes.close()
        for thread in filter(is_of_ray, set(threading.enumerate()) - self._of_the_connection):
            with contextlib.suppress(AttributeError):
                thread._target.__self__.stop()  # type: ignore[attr-defined]  # Ray leaves its "Prefetcher" waiting
            thread.join(_END_LIMIT_S)

    def map(self, make_worker: MakeWorker[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See :meth:`~trainer.bottlenecks.workers.Workers.map`; results come in the order in which they are ready.

        Raises :class:`~edge.errors.ConfigurationError` if no node computes the same numbers as this machine,
        :class:`~edge.errors.StorageError` if photos cannot be read in time, or on a node alone, and
        :class:`~edge.errors.UnavailableError` if the cluster is lost, or the server of a bucket.
        """
        source = iter(items)
        portion = list(islice(source, PORTION))
        if not portion:
            return
        began, first, count = time.monotonic(), 0.0, 0
        check = Check.of(make_worker, portion[:COMPARED])
        with explained():
            examined = examine_nodes(lambda: pack_check(make_worker, check))
        _report(examined, self._progress)
        actor = pack(make_worker, check, {node.id for node in examined.nodes}, self._read_limit_s)
        own, executions = _OwnReader(make_worker, self._read_limit_s), Executions(actor, examined)
        while portion:
            with self._open(executions.compute(portion)) as outcomes:
                for node, outcome in outcomes:
                    count += 1
                    first = first or time.monotonic()
                    item = portion[outcome.place]
                    outcome = own.compute(item, outcome, node) if outcome.unread else outcome
                    if outcome.error is not None:
                        raise outcome.error
                    yield outcome.result
            portion = list(islice(source, PORTION))
        for node in executions.lost():
            self._progress.message(f"node {node} was lost; other nodes computed its photos")
        ended, cores = time.monotonic(), f"{examined.cores} core{'s' * (examined.cores > 1)}"
        rate = count / max(ended - first, 1e-3)
        self._progress.message(
            f"{count:,} files in {ended - began:.0f} s on {cores} of the cluster; from the first result on, after "
            f"{first - began:.0f} s, {rate:,.0f} a second"
        )

    @contextlib.contextmanager
    def _open(self, outcomes: Generator[tuple[Node, Outcome], None, None]) -> Iterator[Iterator[tuple[Node, Outcome]]]:
        self._on_their_way.add(outcomes)
        try:
            yield outcomes
        finally:
            self._on_their_way.discard(outcomes)
            outcomes.close()


def is_of_ray(thread: threading.Thread) -> bool:
    """Whether code of Ray runs in ``thread``. Its names for threads are many, and other ones in each release."""
    code = getattr(thread, "_target", None) or thread  # there is no public way to ask
    return str(getattr(code, "__module__", None)).partition(".")[0] == "ray"


def _report(examined: Examined, progress: Progress) -> None:
    """Name the nodes that are left out. Raises :class:`~edge.errors.ConfigurationError` if there is no other one."""
    for node, why in examined.left_out.items():
        progress.message(f"node {node} is left out: {why}")
    if not examined.nodes:
        why = next(iter(examined.left_out.values()), "it has no node with a core")
        raise ConfigurationError(f"--ray: no node of the cluster can compute: {why}")


class _OwnReader:
    """Reads and computes here what a node could not read, with the limit of time that nodes have."""

    def __init__(self, make_worker: MakeWorker[Any, Any], limit_s: float) -> None:
        self._make_worker = make_worker
        self._worker: Any = None
        self._reader = Readers(1, limit_s)
        self._unread: Counter[Node] = Counter()

    def compute(self, item: Any, outcome: Outcome, node: Node) -> Outcome:
        """The outcome of ``item``, of which ``node`` said that it cannot be read."""
        read = self._reader.wait(self._reader.ask(item.path))
        if isinstance(read, NoAnswerError):
            raise read.ending(item.path)
        if not isinstance(read, NotReadError):
            self._unread[node] += 1
            if self._unread[node] > MOST_UNREAD:
                raise StorageError(
                    f"node {node} cannot read photos that this machine reads ({item.path}: {outcome.unread}); "
                    f"{how_to_reach(item.path)} and run again to go on"
                )
        self._worker = self._worker or self._make_worker()
        return compute_one(self._worker, outcome.place, item, read)
