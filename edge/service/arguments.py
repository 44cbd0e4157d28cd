"""The arguments of the ``edge watch`` or ``trainer teach`` that a service runs."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from edge.inference.delegate import DelegateChoice
from edge.sinks.actions.options import ActionOptions
from edge.sinks.make_sinks import SinkOptions
from edge.sources.uri import open_source


class TeachPaths(NamedTuple):
    """What ``trainer teach`` writes: the folder of photos, the inbox (None: inside it), cache and store; and reads."""

    folder: Path
    inbox: Path | None
    cache: Path
    store: Path
    backbone: Path | None
    weights: Path | None

    @property
    def written(self) -> tuple[Path | None, ...]:
        """The folders that the session writes into."""
        return self.folder, self.inbox, self.cache, self.store


@dataclass(frozen=True)
class WatchArguments:
    """The command line of the program without its name, and the values in it that a unit depends on.

    The program is ``edge watch``; with ``teach`` it is ``trainer teach``, and ``model`` is None.

    ``words`` is the command line as it was given, and names the model. ``source_word`` is the source in it; None if
    ``source`` comes from the environment. ``every_s`` is the shortest time between two labelled frames, in seconds.
    """

    words: tuple[str, ...]
    source: str
    source_word: str | None
    model: Path | None
    labels: str | None
    status: Path | None
    every_s: float
    sinks: SinkOptions
    recursive: bool = False
    ca_file: str | None = None
    actions: ActionOptions = field(default_factory=ActionOptions)
    teach: TeachPaths | None = None
    delegate: DelegateChoice | None = None

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
