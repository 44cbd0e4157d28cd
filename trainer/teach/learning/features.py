"""The bottlenecks and looks of a session's photos: in memory, and in the cache that ``trainer retrain`` uses too."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.inference.interpreter import ImageInterpreter, dequantize
from edge.preprocess import decode, preprocess
from trainer.bottlenecks.cache import BottleneckCache, retry_once
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import load_looks
from trainer.photos.dataset import Photo
from trainer.photos.look import Look, look_of
from trainer.photos.photo_files import FileStatus, PhotoFile, PhotoFolder
from trainer.photos.split import TRAINING
from trainer.progress import Progress, Stage
from trainer.teach.state import TaughtPhoto

_FIRST_ROWS = 256


class Features:
    """The bottleneck of each photo by its id. Any thread may call the methods.

    What was computed once stays, so that a photo that comes back from the trash is known.
    """

    def __init__(self, extractor: FeatureExtractor) -> None:
        """Compute bottlenecks with ``extractor``, and keep them in its cache."""
        self.extractor = extractor
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._matrix = np.empty((_FIRST_ROWS, extractor.backbone.bottleneck_size), np.float32)
        self._looks: dict[str, Look] = {}
        self._computing = threading.Lock()  # for the one interpreter of photos that come one by one
        self._interpreter: ImageInterpreter | None = None

    def __len__(self) -> int:
        """How many bottlenecks are known."""
        return len(self._places)

    def has(self, id_: str) -> bool:
        """Whether the bottleneck of the photo ``id_`` is known."""
        return id_ in self._places

    def rows(self, ids: Sequence[str]) -> npt.NDArray[np.float32]:
        """The bottlenecks of photos, given by id: (photos, values). Raises KeyError if one of them is not known."""
        with self._lock:
            return self._matrix[[self._places[id_] for id_ in ids]]

    def looks(self, photos: Sequence[TaughtPhoto]) -> list[Look]:
        """The look of each of ``photos``: what their pixels are compared by.

        Raises the errors of :func:`trainer.bottlenecks.looks.load_looks`.
        """
        missing = [photo for photo in photos if photo.id not in self._looks]
        if missing:
            files = [Photo(p.path, p.relative, p.label, p.sha256, TRAINING, p.relative) for p in missing]
            found = load_looks(self.extractor.bottleneck_dir, files, self.extractor.progress)
            self._looks.update(zip((photo.id for photo in missing), found, strict=True))
        return [self._looks[photo.id] for photo in photos]

    def fill(self, photos: Sequence[TaughtPhoto], on_progress: Callable[[Stage], None]) -> dict[str, str]:
        """Make sure that the bottlenecks of ``photos`` are known; returns id -> reason for those that are not readable.

        What is not in the cache is computed on all cores. ``on_progress`` is called with how many photos are ready.
        Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
        """
        progress = Progress(on_progress, self.extractor.progress.message)
        extractor = dataclasses.replace(self.extractor, progress=progress)
        # The path is the name here: photos of several places may have the same relative path.
        files = [PhotoFile(photo.path, str(photo.path), photo.label) for photo in photos]
        contents = compute_bottlenecks(extractor, PhotoFolder(Path(), (), files, [])).contents
        unreadable: dict[str, str] = {}
        readable = []
        for photo in photos:
            reason = contents.unreadable.get(str(photo.path))
            if reason is None and contents.sha256.get(str(photo.path)) != photo.sha256:
                reason = "it was changed while it was read"
            if reason is None:
                readable.append(photo)
            else:
                unreadable[photo.id] = reason
        if readable:
            self._put([photo.id for photo in readable], extractor.load([photo.sha256 for photo in readable]))
        return unreadable

    def add(self, photo: TaughtPhoto, content: bytes) -> None:
        """Compute the bottleneck of ``photo`` now; ``content`` are the bytes of its file.

        Raises :class:`~edge.errors.ImageError` if it cannot be decoded, and :class:`~edge.errors.StorageError` if the
        cache cannot be written; the bottleneck is known all the same.
        """
        size = self.extractor.backbone.model.input_size
        picture = decode(content, size)
        look = look_of(content, picture, size)
        pixels = preprocess(picture, size)
        with self._computing:
            if self._interpreter is None:
                self._interpreter = self.extractor.interpreter()
            raw = self._interpreter.raw_outputs(pixels).copy()
        self._looks[photo.id] = look
        self._put([photo.id], dequantize(raw, self.extractor.backbone.model.output)[np.newaxis])
        try:
            files = [(photo.path, FileStatus.of(photo.path.stat()), photo.sha256)]
        except OSError:  # moved meanwhile
            files = []

        def store() -> None:
            with BottleneckCache(self.extractor.bottleneck_dir) as cache:
                vectors, looks = [(photo.sha256, raw.tobytes())], [(photo.sha256, look.to_bytes())]
                cache.store(self.extractor.key, vectors, files, looks)

        retry_once(self.extractor.bottleneck_dir, self.extractor.progress.message, store)

    def _put(self, ids: Sequence[str], rows: npt.NDArray[np.float32]) -> None:
        with self._lock:
            for id_, row in zip(ids, rows, strict=True):
                place = self._places.get(id_, len(self._places))
                if place == len(self._matrix):
                    self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
                self._matrix[place] = row
                self._places[id_] = place
