"""The arguments of the ``edge watch`` that a service runs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from edge.sinks.make_sinks import SinkOptions
from edge.sources.uri import open_source


@dataclass(frozen=True)
class WatchArguments:
    """The command line of ``edge watch`` without its first two words, and the values in it that a unit depends on.

    ``words`` is the command line as it was given, and names the model. ``source_word`` is the source in it; None if
    ``source`` comes from the environment. ``every_s`` is the shortest time between two labelled frames, in seconds.
    """

    words: tuple[str, ...]
    source: str
    source_word: str | None
    model: Path
    labels: str | None
    status: Path | None
    every_s: float
    sinks: SinkOptions
    recursive: bool = False
    ca_file: str | None = None

    @property
    def local_source(self) -> Path | None:
        """The file or folder that the source names; None if it is a camera or an address."""
        path = Path(self.source.removeprefix("file:").removeprefix("folder:"))
        return path if self.is_folder or (path.exists() and not self.is_camera) else None

    @functools.cached_property
    def is_folder(self) -> bool:
        """Whether the source is a folder, also one that comes later. To find out, the folder is listed."""
        return not self.is_camera and open_source(self.source).uri.startswith("folder:")

    @property
    def is_camera(self) -> bool:
        """Whether the source is a camera of V4L2."""
        return self.source.isdecimal() or self.source.startswith("/dev/")
