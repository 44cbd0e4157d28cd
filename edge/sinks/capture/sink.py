"""Keeps the frames that the model was unsure of, as photos for the next training."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from edge.errors import StorageError
from edge.files import write_whole
from edge.sinks.capture.foldername import folder_name
from edge.sinks.capture.thumbnails import Thumbnails
from edge.sinks.observation_record import utc
from edge.types import UNKNOWN, Observation

UNSURE_BELOW = 0.6
UNSURE_MARGIN = 0.2
"""A frame whose best score is below the one, or ahead of the second by less than the other, is worth a label:
least confidence and margin sampling of B. Settles, Active Learning Literature Survey (2009), section 3.1."""
_AT_MOST_EVERY_S = 1.0  # frames that follow each other teach the same
_WAIT_AFTER_FAILURE_S = 600.0
_QUALITY = 95


class CaptureSink:
    """Writes ``folder/<guessed label>/<UTC time>.jpg``, as ``trainer retrain`` reads it.

    Nothing is ever removed: when the folder holds as much as it may, capturing rests and looks again every ten
    minutes, as it does after a failed write. Photos that the model saw more than once would outvote the rest, so
    a frame that looks like one already kept is left out, and at most one a second is looked at.
    """

    name = "capture"

    def __init__(self, folder: Path, limit_bytes: int, at_most_every_s: float = _AT_MOST_EVERY_S) -> None:
        """Keep frames below ``folder``, which may grow to ``limit_bytes``, whatever else lies in it included."""
        self._folder, self._limit_bytes = folder, limit_bytes
        self._at_most_every_s = at_most_every_s
        self._thumbnails = Thumbnails()
        self._size_bytes = 0
        self._not_before_s = 0.0

    def open(self) -> None:
        """Find out what the folder holds already; raises OSError where it cannot be made or read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._size_bytes = _size_bytes(self._folder)
        self._thumbnails.load(self._folder)

    def write(self, observation: Observation) -> None:
        """Keep the frame where it is worth it: its region, as the model saw it, in full size.

        Raises :class:`~edge.errors.StorageError` where the folder is full or cannot be written to.
        """
        now_s = time.monotonic()
        if now_s < self._not_before_s or not is_unsure(observation):
            return
        self._not_before_s = now_s + self._at_most_every_s
        picture = _looked_at(observation)
        if not self._thumbnails.is_new(picture):
            return
        self._not_before_s = now_s + _WAIT_AFTER_FAILURE_S
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
        self._make_sure_of_room(buffer.tell())
        write_whole(_free_path(self._folder / _class_folder(observation), observation.time_s), buffer.getvalue())
        self._size_bytes += buffer.tell()
        self._thumbnails.add(picture)
        self._not_before_s = now_s + self._at_most_every_s

    def close(self) -> None:
        """Nothing to do: every photo is written whole."""

    def _make_sure_of_room(self, size_bytes: int) -> None:
        if self._size_bytes + size_bytes <= self._limit_bytes:
            return
        self._size_bytes = _size_bytes(self._folder)  # photos may have been taken away meanwhile
        if self._size_bytes + size_bytes > self._limit_bytes:
            raise StorageError(
                f"{self._folder}: full, {self._size_bytes / 1e6:.0f} of {self._limit_bytes / 1e6:.0f} MB; "
                "nothing more is kept until photos are taken out or --capture-limit-mb is raised"
            )


def is_unsure(observation: Observation) -> bool:
    """Whether this frame alone, without smoothing, left the model in doubt, or the answer is unknown."""
    scores = [category.score for category in observation.raw[:2]]
    if observation.label == UNKNOWN or not scores or scores[0] < UNSURE_BELOW:
        return True
    return len(scores) == 2 and scores[0] - scores[1] < UNSURE_MARGIN


def _class_folder(observation: Observation) -> str:
    if observation.label == UNKNOWN or not observation.raw:
        return UNKNOWN
    return folder_name(observation.raw[0].label)


def _looked_at(observation: Observation) -> Image.Image:
    pixels = observation.frame.pixels
    if observation.region is not None:
        x, y, width, height = observation.region
        pixels = pixels[y : y + height, x : x + width]
    return Image.fromarray(np.ascontiguousarray(pixels))


def _free_path(folder: Path, time_s: float) -> Path:
    """A name that no file has: a board without a clock may live through the same time twice."""
    when = utc(time_s)
    name = f"{when:%Y%m%dT%H%M%S}.{when.microsecond // 1000:03d}Z"
    path, number = folder / f"{name}.jpg", 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"{name}-{number}.jpg"
    return path


def _size_bytes(folder: Path) -> int:
    """How much the files below ``folder`` hold."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:  # taken away while we looked
                continue
    return total
