"""The status file: it shows other programs that a stream is being labelled, and by which model."""

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
_MODE = 0o644  # programs of every user may read it, whatever the umask is (a service's is 0077): it holds no secret

STATUS_VARIABLE = "EDGE_STATUS"
SERVICE_NAME = "edge-watch"
"""The name of the systemd service of ``edge watch``, and of its folder in ``/run``, unless another is given."""

STATUS_NAME = "watch.json"
"""The name of the status file in the folder of the service."""


class StatusFile:
    """A sink that writes ``{"pid", "model_sha256", "frames_labelled", "time_s"}``, whole, at most once a second.

    It is written only after a frame was labelled: an old ``time_s`` (wall clock) means that no frame is being labelled.
    """

    name = "status"

    def __init__(self, path: Path, statistics: StreamStatistics) -> None:
        """Write to ``path``, on a file system in memory if possible, with the count from ``statistics``."""
        self._path = path
        self._statistics = statistics
        self._next_s = 0.0

    def open(self) -> None:
        """Do nothing: the file is written later."""

    def write(self, observation: Observation) -> None:
        """Write the file, if the last time was a second ago.

        Raises :class:`~edge.errors.StorageError` if it cannot be written.
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
        write_whole(self._path, json.dumps(record).encode() + b"\n", mode=_MODE)

    def close(self) -> None:
        """Leave the file: its time says how old it is."""


@dataclass(frozen=True)
class WatchStatus:
    """The content of a status file: the process, the model's sha256, and ``text``, which differs in every newer one."""

    pid: int
    model_sha256: str
    text: str


def default_status() -> Path:
    """The status file: ``$EDGE_STATUS``, else that of the service."""
    return Path(os.environ.get(STATUS_VARIABLE) or Path("/run", SERVICE_NAME, STATUS_NAME))


def read_status(path: Path) -> WatchStatus | None:
    """The content of the status file ``path``; None if there is none, or its process has ended.

    Raises :class:`~edge.errors.StorageError` if this user cannot read the file: an ``edge watch`` may run then.
    """
    try:
        text = path.read_text()
        fields = json.loads(text)
        status = WatchStatus(int(fields["pid"]), str(fields["model_sha256"]), text)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, OverflowError):
        return None
    except OSError as error:
        raise StorageError(
            f"{path}: the status file of edge watch cannot be read ({error.strerror}); "
            "use sudo, or give another file with --status"
        ) from None
    return status if _is_running(status.pid) else None


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:  # it runs, as another user
        return True
    except (OSError, OverflowError):
        return False
    return True
