"""The arguments of the ``edge watch`` that a service runs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.sinks.make_sinks import SinkOptions


class WatchArguments(NamedTuple):
    """The command line of ``edge watch`` without its first two words, and the values in it that a unit depends on.

    ``words`` is the command line as it was given, and names the model. ``every_s`` is the shortest time between two
    labelled frames, in seconds.
    """

    words: tuple[str, ...]
    source: str
    model: Path
    labels: str | None
    status: Path | None
    every_s: float
    sinks: SinkOptions

    @property
    def local_source(self) -> Path | None:
        """The file or folder that the source names; None if it is a camera or an address."""
        path = Path(self.source.removeprefix("file:").removeprefix("folder:"))
        return None if self.is_camera or not path.exists() else path

    @property
    def is_camera(self) -> bool:
        """Whether the source is a camera of V4L2."""
        return self.source.isdecimal() or self.source.startswith("/dev/")
