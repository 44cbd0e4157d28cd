"""Label many photos on all cores: results in order, memory bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from edge.errors import ImageError
from edge.inference.classifier import SCORE_THRESHOLD, TOP_K, Classifier
from edge.inference.delegate import DelegateChoice
from edge.inference.interpreter import check_threads
from edge.modelfile.model_file import ModelFile
from edge.parallel import RUN, available_cores, ordered_map
from edge.regular_file import is_pipe
from edge.types import LabelledPhoto
from edge.unread_photos import UnreadInARow, while_readable


def label_photos(
    model: ModelFile,
    photos: Iterable[Path],
    *,
    threads: int | None = None,
    runtime: str | None = None,
    top_k: int = TOP_K,
    score_threshold: float = SCORE_THRESHOLD,
    reject: bool = False,
    delegate: DelegateChoice | None = None,
) -> Iterator[LabelledPhoto]:
    """Label ``photos`` in order; one that cannot be decoded carries its error instead of a classification.

    Each of ``threads`` workers (default: one for each core) decodes and classifies whole photos with a single-threaded
    interpreter of its own, so that no thread waits for another. ``top_k``, ``score_threshold``, ``runtime``, ``reject``
    and ``delegate`` are those of :class:`~edge.inference.classifier.Classifier`.

    Raises :class:`~edge.errors.UsageError` before it starts if ``threads`` is not 1 to 1024, and while it runs
    :class:`~edge.errors.ModelError` and :class:`~edge.errors.ConfigurationError` of the interpreter, and
    :class:`~edge.errors.StorageError` if no photo can be read any more: see
    :class:`~edge.unread_photos.UnreadInARow`.
    """
    threads = available_cores() if threads is None else threads
    check_threads(threads)

    def make_worker() -> Callable[[Path], tuple[Path, LabelledPhoto, ImageError | None]]:
        classifier = Classifier(model, runtime=runtime, reject=reject, delegate=delegate)

        def label(path: Path) -> tuple[Path, LabelledPhoto, ImageError | None]:
            try:
                if is_pipe(path):  # since it was found
                    return path, LabelledPhoto(path, None, "not a regular file"), None
                found = classifier.classify(path, top_k=top_k, score_threshold=score_threshold)
                return path, LabelledPhoto(path, found), None
            except ImageError as error:
                return path, LabelledPhoto(path, None, str(error)), error

        return label

    return while_readable(ordered_map(make_worker, photos, threads, RUN), UnreadInARow())
