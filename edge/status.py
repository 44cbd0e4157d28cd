"""The status file: for other programs, which want to know that a stream is being labelled, and by what."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from edge.errors import StorageError
from edge.files import write_whole
from edge.statistics import StreamStatistics
from edge.types import Observation

_INTERVAL_S = 1.0
_MODE = 0o644  # for the programs of every user, whatever the umask: a service's is 0077, and nothing here is secret


STATUS_VARIABLE = "EDGE_STATUS"
_SYSTEM_STATUS = Path("/run/edge-watch/watch.json")


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


@dataclass(frozen=True)
class Report:
    """What ``edge watch`` said last: its process, its model's sha256, and the whole text, to know a newer one by."""

    pid: int
    model_sha256: str
    text: str


def default_status() -> Path:
    """Where ``edge watch`` reports: ``$EDGE_STATUS``, else where its service does."""
    return Path(os.environ.get(STATUS_VARIABLE) or _SYSTEM_STATUS)


def read_report(path: Path) -> Report | None:
    """The report in the file ``path``; None if there is none, or its process has ended.

    Raises :class:`~edge.errors.StorageError` if there is a file that this user cannot read: an ``edge watch`` may run.
    """
    try:
        text = path.read_text()
        fields = json.loads(text)
        report = Report(int(fields["pid"]), str(fields["model_sha256"]), text)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, OverflowError):
        return None
    except OSError as error:
        raise StorageError(
            f"{path}: the report of edge watch cannot be read ({error.strerror}); use sudo, or name it with --status"
        ) from None
    return report if _is_running(report.pid) else None


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:  # it runs, as another user
        return True
    except (OSError, OverflowError):
        return False
    return True
