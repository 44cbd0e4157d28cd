"""The bottlenecks of the drawings, kept in the cache like those of photos."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.progress import SILENT
from trainer.unknown.drawings import JUDGING, TEACHING, draw, drawing_hashes


def drawn_bottlenecks(extractor: FeatureExtractor, numbers: Sequence[int] = TEACHING) -> npt.NDArray[np.float32]:
    """The bottlenecks (drawings, values) of the drawings of :mod:`trainer.unknown.drawings`; computed once.

    ``numbers`` are those of the drawings of each kind.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    size = extractor.backbone.model.input_size
    hashes = drawing_hashes(size, numbers)
    with BottleneckCache(extractor.bottleneck_dir) as cache:
        known = cache.holds(extractor.key, hashes, extractor.bottleneck_bytes)
        if not known:
            interpreter = extractor.interpreter()
            with extractor.progress.stage("drawings", len(hashes)) as advance:
                rows = []
                for sha256, picture in zip(hashes, draw(size, numbers), strict=True):
                    rows.append((sha256, interpreter.raw_outputs(picture).tobytes()))
                    advance(1)
            cache.store(extractor.key, rows, [])
    return extractor.load(hashes)


def draw_in_advance(extractor: FeatureExtractor, *, teaching: bool) -> None:
    """Make sure that the cache has the bottlenecks of noise, and if the rest of the world is taught, of all drawings.

    ``teaching`` says whether it is. This is meant for a thread of its own, beside work that leaves a core free: no
    progress is reported.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    silent = dataclasses.replace(extractor, progress=SILENT)
    noise_bottlenecks(silent)
    for numbers in (TEACHING, JUDGING) if teaching else ():
        drawn_bottlenecks(silent, numbers)
