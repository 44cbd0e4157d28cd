"""The feature extractor: a backbone, the folder that keeps its bottlenecks, and how it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.inference.interpreter import RUNTIMES, ImageInterpreter, choose_runtime, dequantize
from trainer.backbones.backbone import Backbone
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.workers import Threads, Workers
from trainer.progress import SILENT, Progress


@dataclass(frozen=True)
class FeatureExtractor:
    """Turns pictures into bottlenecks with ``backbone`` on the interpreter ``runtime`` (None: the preferred one).

    What it computes is kept in the bottleneck cache in ``bottleneck_dir``; it reports to ``progress``. ``workers``
    compute the bottlenecks of photos: all cores of this machine, or others.
    """

    backbone: Backbone
    bottleneck_dir: Path
    runtime: str | None = None
    progress: Progress = SILENT
    workers: Workers = field(default_factory=Threads)

    @property
    def key(self) -> bytes:
        """The artifact's sha256 (32 bytes), mixed with the interpreter if that is not the preferred one.

        Interpreters round 8-bit activations differently; a head must never be fitted on a mixture of both.
        """
        artifact, chosen = bytes.fromhex(self.backbone.model.sha256), choose_runtime(self.runtime)
        return artifact if chosen == next(iter(RUNTIMES)) else hashlib.sha256(artifact + chosen.encode()).digest()

    @property
    def bottleneck_bytes(self) -> int:
        """How many bytes a cached bottleneck has."""
        return self.backbone.bottleneck_size * self._dtype.itemsize

    @property
    def interpreter(self) -> Callable[[], ImageInterpreter]:
        """Makes a new interpreter of the artifact, on one thread; here or on another machine with the same runtime."""
        return partial(ImageInterpreter, self.backbone.model, runtime=choose_runtime(self.runtime))

    def load(self, images: Sequence[bytes]) -> npt.NDArray[np.float32]:
        """The cached bottlenecks of ``images``, given by content hash (32 bytes): (images, values), float32.

        Raises :class:`~edge.errors.StorageError` if one of them is not in the cache.
        """
        with BottleneckCache(self.bottleneck_dir) as cache:
            raw = cache.load(self.key, list(images), self.backbone.bottleneck_size, self._dtype)
        return dequantize(raw, self.backbone.model.output)

    @property
    def _dtype(self) -> np.dtype[np.generic]:
        dtype = self.backbone.model.output.dtype
        assert dtype is not None  # examined when the artifact was built
        return dtype
