"""The status file: for other programs, which want to know that a stream is being labelled, and by what."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from edge.files import write_whole
from edge.statistics import StreamStatistics
from edge.types import Observation

_INTERVAL_S = 1.0
_MODE = 0o644  # for the programs of every user, whatever the umask: a service's is 0077, and nothing here is secret


class StatusFile:
    """A sink that writes ``{"pid", "model_sha256", "frames_labelled", "time_s"}``, whole, at most once a second.

    It is written after a fresh frame was labelled and never otherwise: an old ``time_s`` (wall clock) means that
    nothing is being labelled.
    """

    name = "status"

    def __init__(self, path: Path, statistics: StreamStatistics) -> None:
        """Write to ``path``, best on a file system in memory, with the count from ``statistics``."""
        self._path = path
        self._statistics = statistics
        self._next_s = 0.0

    def open(self) -> None:
        """Nothing to make ready."""

    def write(self, observation: Observation) -> None:
        """Write the file, if the last time was a second ago.

        Raises :class:`~edge.errors.StorageError` where it cannot be written.
        """
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _INTERVAL_S
        record = {
            "pid": os.getpid(),
            "model_sha256": observation.model.sha256,
            "frames_labelled": self._statistics.snapshot().frames_labelled,
            "time_s": round(time.time(), 3),
        }
        write_whole(self._path, json.dumps(record).encode() + b"\n", _MODE)

    def close(self) -> None:
        """Leave the file: its time says how old it is."""
