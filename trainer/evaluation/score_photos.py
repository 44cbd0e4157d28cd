"""The scores that a model gives many photos, as they come out of it: no object for each label of each photo."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from edge.errors import ImageError
from edge.inference.classifier import Classifier, GatedScores
from edge.inference.interpreter import check_threads
from edge.modelfile.model_file import ModelFile
from edge.parallel import RUN, available_cores, ordered_map
from edge.unread_photos import UnreadInARow, while_readable
from trainer.photos.others_of_class import can_be_read
from trainer.photos.reading import openable


class ScoredPhoto(NamedTuple):
    """The scores of one photo, and how long they took in milliseconds; or the one line that says why it has none."""

    gated: GatedScores | None
    latency_ms: float = 0.0
    error: str | None = None


def score_photos(
    model: ModelFile,
    photos: Iterable[Path],
    *,
    threads: int | None = None,
    runtime: str | None = None,
    reject: bool = False,
) -> Iterator[ScoredPhoto]:
    """The scores of ``photos`` in order, on ``threads`` workers; all arguments are those of
    :func:`~edge.inference.label_photos.label_photos`, and so are the errors that are raised; but one photo that cannot
    be read is enough to look whether the one before it still can be.
    """
    threads = available_cores() if threads is None else threads
    check_threads(threads)

    def make_worker() -> Callable[[Path], tuple[Path, ScoredPhoto, ImageError | None]]:
        classifier = Classifier(model, runtime=runtime, reject=reject)

        def score(path: Path) -> tuple[Path, ScoredPhoto, ImageError | None]:
            try:
                photo = openable(path)
                started = time.perf_counter()
                gated = classifier.gated_scores(photo)
            except ImageError as error:
                return path, ScoredPhoto(None, error=str(error)), error
            return path, ScoredPhoto(gated, (time.perf_counter() - started) * 1000), None

        return score

    scored = ordered_map(make_worker, photos, threads, RUN)
    return while_readable(scored, UnreadInARow(1, can_be_read))
