"""The status file: it shows other programs that a stream is being labelled, and by which model."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from edge.errors import StorageError
from edge.files import write_whole
from edge.regular_file import NOT_REGULAR, SMALL_BYTES, read_regular
from edge.statistics import StreamStatistics
from edge.types import Observation

_INTERVAL_S = 1.0
_FRESH_S = 10.0
_START_TIME = 19  # field 22 of /proc/PID/stat, counted after the process's name
_MODE = 0o644  # programs of every user may read it, whatever the umask is (a service's is 0077): it holds no secret

MAX_EVERY_S = 7 * 24 * 3600.0
"""The longest time between two labelled frames that a status may name, in seconds."""

STATUS_VARIABLE = "EDGE_STATUS"
SERVICE_NAME = "edge-watch"
"""The name of the systemd service of ``edge watch``, and of its folder in ``/run``, unless another is given."""

TEACH_SERVICE_NAME = "edge-teach"
"""The same for the service of ``trainer teach``. It is another folder: the store asks the status of ``edge watch``
whether a new model works, and a session never labels with a model of the store."""

SERVE_SERVICE_NAME = "edge-serve"
"""The name of the service of ``edge serve``, which has no status file."""

STATUS_NAME = "watch.json"
"""The name of the status file in the folder of the service."""


class StatusFile:
    """A sink that writes one JSON object, whole, at most once a second.

    ``pid`` is the process and ``process_start`` when it started (clock ticks since the boot; null if not known),
    because another process may get the same number later. ``model_sha256`` and ``frames_labelled`` say what it does.
    ``time_s`` is the wall clock, ``monotonic_s`` the seconds since the boot, which no setting of the clock changes.
    ``every_s`` is the shortest time between two labelled frames.

    It is written only after a frame was labelled: an old time means that no frame is being labelled.
    """

    name = "status"

    def __init__(self, path: Path, statistics: StreamStatistics, every_s: float = 0.0) -> None:
        """Write to ``path``, on a file system in memory if possible, with the count from ``statistics``."""
        self._path = path
        self._statistics = statistics
        self._every_s = every_s
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
            "process_start": _process_start(os.getpid()),
            "model_sha256": observation.model.sha256,
            "frames_labelled": self._statistics.snapshot().frames_labelled,
            "time_s": round(time.time(), 3),
            "monotonic_s": round(now_s, 3),
            "every_s": self._every_s,
        }
        write_whole(self._path, json.dumps(record).encode() + b"\n", mode=_MODE)

    def close(self) -> None:
        """Leave the file: its time says how old it is."""


class WatchStatus(NamedTuple):
    """The content of the status file of a process that runs.

    ``model_sha256`` is the model that it labels with, ``every_s`` the shortest time between two labelled frames, and
    ``age_s`` the time since the file was written, both in seconds. ``text`` differs in every newer file.
    """

    pid: int
    model_sha256: str
    text: str
    every_s: float
    age_s: float

    @property
    def is_fresh(self) -> bool:
        """Whether frames are being labelled: the file is at most 10 s old, or twice the time between two frames."""
        return self.age_s <= max(_FRESH_S, 2 * self.every_s)


def default_status() -> Path:
    """The status file: ``$EDGE_STATUS``, else that of the service."""
    return Path(os.environ.get(STATUS_VARIABLE) or Path("/run", SERVICE_NAME, STATUS_NAME))


def read_status(path: Path) -> WatchStatus | None:
    """The content of the status file ``path``; None if there is none, or its process has ended.

    Raises :class:`~edge.errors.StorageError` if this user cannot read the file: an ``edge watch`` may run then.
    """
    try:
        text = read_regular(path, SMALL_BYTES).decode()
        fields = json.loads(text)
        pid, start = int(fields["pid"]), fields.get("process_start")
        every_s = float(fields.get("every_s") or 0.0)
        status = WatchStatus(pid, str(fields["model_sha256"]), text, every_s, _age_s(fields))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError):
        return None
    except (OverflowError, RecursionError):
        return None
    except OSError as error:
        if error.errno == NOT_REGULAR:  # such as /dev/null: no edge watch writes there
            return None
        raise StorageError(
            f"{path}: the status file of edge watch cannot be read ({error.strerror}); "
            "use sudo, or give another file with --status"
        ) from None
    return status if 0 <= every_s <= MAX_EVERY_S and _is_running(pid, start) else None


def _age_s(fields: dict[str, Any]) -> float:
    """The age of the file in seconds; infinite if it is from before the boot, or from a time that has not come yet."""
    if "monotonic_s" in fields:
        age_s = time.monotonic() - float(fields["monotonic_s"])
    else:  # of an older release
        age_s = time.time() - float(fields["time_s"])
    return age_s if age_s >= -_INTERVAL_S else math.inf


def _is_running(pid: int, start: object) -> bool:
    """Whether the process ``pid`` runs, and is the one that started at ``start`` if both are known."""
    if pid <= 0:  # kill would take it for a group of processes
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:  # it runs, as another user
        pass
    except (OSError, OverflowError):
        return False
    now = _process_start(pid)
    return start is None or now is None or start == now


def _process_start(pid: int) -> int | None:
    """When the process ``pid`` started, in clock ticks since the boot; None if this system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()  # the name may hold blanks
        return int(fields[_START_TIME])
    except (OSError, ValueError, IndexError):
        return None
