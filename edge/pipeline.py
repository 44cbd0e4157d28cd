"""Many pictures through many interpreters: all cores busy, results in order, memory bounded."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from edge.classifier import SCORE_THRESHOLD, TOP_K, Classifier
from edge.errors import ImageError
from edge.interpreter import check_threads
from edge.modelfile import ModelFile
from edge.types import LabelledPhoto

Item = TypeVar("Item")
Result = TypeVar("Result")

_WINDOW = 8  # items in flight for each worker: enough to ride out one slow decode, few enough to stay small


def available_cores() -> int:
    """How many CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered_map(
    make_worker: Callable[[], Callable[[Item], Result]], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Apply a worker to each of ``items`` on ``workers`` threads; results come in order, as soon as they can.

    Each thread calls ``make_worker`` once, for what threads must not share, such as an interpreter. At most
    eight items a worker are in flight, so that neither input nor output piles up. An exception of a worker
    is raised here; items not yet begun are dropped.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    local = threading.local()

    def work(item: Item) -> Result:
        if not hasattr(local, "worker"):
            local.worker = make_worker()
        result: Result = local.worker(item)
        return result

    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            while pending and (pending[0].done() or len(pending) >= _WINDOW * workers):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def label_photos(
    model: ModelFile,
    photos: Iterable[Path],
    *,
    threads: int | None = None,
    runtime: str | None = None,
    top_k: int = TOP_K,
    score_threshold: float = SCORE_THRESHOLD,
    reject: bool = False,
) -> Iterator[LabelledPhoto]:
    """Label ``photos`` in order; one that cannot be decoded carries its error instead of a classification.

    ``threads`` workers (all cores by default) each decode and classify whole photos with a single-threaded
    interpreter of their own: no hand-over between threads, and no thread waits for another. ``reject`` is that
    of :class:`~edge.classifier.Classifier`.

    Raises :class:`~edge.errors.UsageError` at once, where ``threads`` is not 1 to 1024, and while it runs
    :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError` of the interpreter.
    """
    threads = available_cores() if threads is None else threads
    check_threads(threads)

    def make_worker() -> Callable[[Path], LabelledPhoto]:
        classifier = Classifier(model, 1, runtime, reject)

        def label(path: Path) -> LabelledPhoto:
            try:
                return LabelledPhoto(path, classifier.classify(path, top_k, score_threshold))
            except ImageError as error:
                return LabelledPhoto(path, None, str(error))

        return label

    return ordered_map(make_worker, photos, threads)
