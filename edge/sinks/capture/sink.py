"""Keeps the frames that the model was unsure of, as photos for the next training."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from PIL import Image

from edge.controls import StreamControls
from edge.errors import StorageError
from edge.files import free_path, write_whole
from edge.sinks.capture.folder_name import folder_name
from edge.sinks.capture.picture import region_picture, training_jpeg
from edge.sinks.capture.thumbnails import Thumbnails
from edge.sinks.capture.time_name import time_name
from edge.types import UNKNOWN, Observation

UNSURE_BELOW = 0.6
UNSURE_MARGIN = 0.2
"""The model is unsure of a frame if the best score is below the first, or leads the second best by less than the
second.

These are least confidence and margin sampling: B. Settles, Active Learning Literature Survey (2009), section 3.1.
"""
_AT_MOST_EVERY_S = 1.0  # frames that follow each other are nearly equal
_WAIT_AFTER_FAILURE_S = 600.0


class CaptureSink:
    """Writes ``folder/<guessed label>/<UTC time>.jpg``, in the layout that ``trainer retrain`` reads.

    Photos are never removed. When the folder is full, and after a failed write, the sink pauses for ten minutes and
    then tries again. At most one frame a second is considered, and a frame that looks like one already kept is
    skipped: otherwise many copies of one scene would outweigh the other photos in the training.
    """

    name = "capture"

    def __init__(
        self,
        folder: Path,
        limit_bytes: int,
        *,
        controls: StreamControls | None = None,
        at_most_every_s: float = _AT_MOST_EVERY_S,
    ) -> None:
        """Keep frames in ``folder``, which may grow to ``limit_bytes``; all files in it count.

        ``controls`` say whether frames are kept now; None: they are.
        """
        self._folder, self._limit_bytes = folder, limit_bytes
        self._controls = controls or StreamControls()
        self._at_most_every_s = at_most_every_s
        self._lock = threading.Lock()  # keep() is called by another thread
        self._is_open = False
        self._thumbnails = Thumbnails()
        self._size_bytes = 0
        self._not_before_s = 0.0

    def open(self) -> None:
        """Make the folder if needed, and measure it. Raises OSError if it cannot be made or read."""
        with self._lock:
            self._open()

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._size_bytes = _size_bytes(self._folder)
        self._thumbnails.load(self._folder)
        self._is_open = True

    def write(self, observation: Observation) -> None:
        """Keep the frame if the model was unsure of it: the region that was labelled, in full size.

        Raises :class:`~edge.errors.StorageError` if the folder is full or cannot be written to.
        """
        now_s = time.monotonic()
        if not self._controls.capturing or now_s < self._not_before_s or not is_unsure(observation):
            return
        self._not_before_s = now_s + self._at_most_every_s
        picture = region_picture(observation)
        with self._lock:
            if not self._thumbnails.is_new(picture):
                return
            self._not_before_s = now_s + _WAIT_AFTER_FAILURE_S
            # On a board without a battery-backed clock the same time can come twice.
            self._add(picture, free_path(self._path(observation)))
        self._not_before_s = now_s + self._at_most_every_s

    def keep(self, observation: Observation) -> str:
        """Keep the frame because somebody says that its label is wrong, whatever the model says; returns one line.

        Any thread may call it. Raises :class:`~edge.errors.StorageError` and OSError as :meth:`open` and :meth:`write`
        do.
        """
        path = self._path(observation)
        with self._lock:
            if not self._is_open:
                self._open()
            if path.exists():
                return f"{path}: is kept already"
            self._add(region_picture(observation), path)
        return f"{path}: kept, because its label is wrong"

    def _path(self, observation: Observation) -> Path:
        return self._folder / _class_folder(observation) / f"{time_name(observation.time_s)}.jpg"

    def _add(self, picture: Image.Image, path: Path) -> None:
        jpeg = training_jpeg(picture)
        self._check_limit(len(jpeg))
        write_whole(path, jpeg)
        self._size_bytes += len(jpeg)
        self._thumbnails.add(picture)

    def close(self) -> None:
        """Nothing to do: every photo is written whole."""

    def _check_limit(self, size_bytes: int) -> None:
        if self._size_bytes + size_bytes <= self._limit_bytes:
            return
        self._size_bytes = _size_bytes(self._folder)  # photos may have been removed meanwhile
        if self._size_bytes + size_bytes > self._limit_bytes:
            raise StorageError(
                f"{self._folder}: full, {self._size_bytes / 1e6:.0f} of {self._limit_bytes / 1e6:.0f} MB; "
                "no more photos are kept until some are removed or --capture-limit-mb is raised"
            )


def is_unsure(observation: Observation) -> bool:
    """Whether the model is unsure of this frame alone, without smoothing, or the answer is unknown.

    A model without labels is not unsure: it has no answer to anything. Nor is one whose class for the rest of the world
    has a high score: it is sure that the frame shows none of its classes.
    """
    if not observation.model.labels:
        return False
    scores = [category.score for category in observation.raw[:2]]
    strange = bool(observation.raw) and observation.raw[0].label == observation.model.unknown
    if (observation.label == UNKNOWN and not strange) or not scores or scores[0] < UNSURE_BELOW:
        return True
    return len(scores) == 2 and scores[0] - scores[1] < UNSURE_MARGIN


def _class_folder(observation: Observation) -> str:
    if observation.label == UNKNOWN or not observation.raw:
        return UNKNOWN
    return folder_name(observation.raw[0].label)


def _size_bytes(folder: Path) -> int:
    """The size of all files in ``folder`` and its subfolders, in bytes."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:  # removed meanwhile
                continue
    return total
