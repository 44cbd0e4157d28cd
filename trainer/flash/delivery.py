"""The model that a flash brings to every target, and how it is brought there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from edge.modelfile.model_file import ModelFile
from trainer.flash.bootstrap import Bootstrap
from trainer.flash.ssh_connection import DEFAULT_OPTIONS, SshOptions

HEALTH_WINDOW_S = 30.0
"""The health window of a flash if no other is given, as that of ``edge store install``."""


@dataclass(frozen=True)
class Delivery:
    """The bytes ``content`` of a model file, to become current on every target, and its ``signature`` if it has one.

    ``allow_older`` also accepts a model that the device had before its current one. ``dry_run`` changes nothing.
    ``health_window_s`` is the time in seconds for a running ``edge watch`` to label a frame with the model.
    ``bootstrap`` prepares hosts first; with None they must be ready. ``ssh`` are the options of every connection.
    """

    content: bytes
    signature: bytes | None = None
    allow_older: bool = False
    dry_run: bool = False
    health_window_s: float = HEALTH_WINDOW_S
    bootstrap: Bootstrap | None = None
    ssh: SshOptions = DEFAULT_OPTIONS

    @cached_property
    def sha256(self) -> str:
        """The name of the model on devices: the sha256 of the whole file, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def model(self) -> ModelFile:
        """The model in ``content``. Raises :class:`~edge.errors.ModelError` if there is none."""
        return ModelFile.from_bytes(self.content)
