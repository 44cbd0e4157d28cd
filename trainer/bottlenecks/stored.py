"""Bottlenecks of more photos than fit into memory: a file without a name, read a block of rows at a time.

The file is made from the cache and is gone when nobody uses it, also if the program is killed. It is read, not mapped
into memory: mapped pages would count as memory of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import StorageError
from edge.inference.interpreter import dequantize
from edge.modelfile.structure import TensorSpec
from trainer.bottlenecks.cache import BottleneckCache
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.nameless_file import NamelessFile

BLOCK = 4096
"""Rows that are read at a time: 16 MB of 1,024 values as float32."""


class StoredFeatures(NamedTuple):
    """Bottlenecks in ``file``, one after the other, as they come out of the tensor ``output``, with ``values`` each."""

    file: NamelessFile
    values: int
    output: TensorSpec

    def read(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The bottlenecks at ``rows``: (rows, values). Several threads may call it at the same time."""
        dtype = np.dtype(self.output.dtype)
        size = self.values * dtype.itemsize
        raw = np.empty((len(rows), self.values), dtype)
        if not len(rows):
            return raw.astype(np.float32)
        # Rows that follow each other are read at once.
        ends = np.append(np.flatnonzero(np.diff(rows) != 1) + 1, len(rows))
        start = 0
        for end in ends.tolist():
            self.file.read(raw[start:end], int(rows[start]) * size)
            start = end
        return np.asarray(dequantize(raw, self.output), np.float32)


class Stored(NamedTuple):
    """Some rows of ``features`` with the index of each one's label: both ``rows`` and ``labels`` are (photos,).

    ``groups`` (photos,) is the same number for photos that depend on each other; None if all are independent.
    """

    features: StoredFeatures
    rows: npt.NDArray[np.intp]
    labels: npt.NDArray[np.intp]
    groups: npt.NDArray[np.intp] | None = None

    def where(self, chosen: npt.NDArray[np.bool_ | np.intp]) -> Stored:
        """The photos that ``chosen`` gives: a bool for each photo, or places of photos."""
        groups = None if self.groups is None else self.groups[chosen]
        return Stored(self.features, self.rows[chosen], self.labels[chosen], groups)

    def read(self) -> Labelled:
        """All of them, in memory."""
        return Labelled(self.features.read(self.rows), self.labels, self.groups)

    def blocks(self, size: int = BLOCK) -> Iterator[Labelled]:
        """All of them, ``size`` photos at a time."""
        for start in range(0, len(self.rows), size):
            yield self.where(np.arange(start, min(start + size, len(self.rows)))).read()


def store_features(extractor: FeatureExtractor, images: Sequence[bytes]) -> StoredFeatures:
    """The cached bottlenecks of ``images``, given by content hash (32 bytes), in a file in the folder of the cache.

    Raises :class:`~edge.errors.StorageError` if one of them is not in the cache, or if the file cannot be written.
    """
    folder = extractor.bottleneck_dir
    try:
        file = NamelessFile(folder)
        with BottleneckCache(folder) as cache:
            cache.copy_to(file.write, extractor.key, images, extractor.bottleneck_bytes)
    except OSError as error:
        raise StorageError(
            f"{folder}: {error.strerror}; {len(images) * extractor.bottleneck_bytes / 1e9:.1f} GB are needed there: "
            "free some space or choose another place with --bottleneck-dir"
        ) from None
    return StoredFeatures(file, extractor.backbone.bottleneck_size, extractor.backbone.model.output)
