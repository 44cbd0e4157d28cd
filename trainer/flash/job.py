"""What is to be done to every target."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """The model's bytes ``content`` are to become current, with ``signature`` where it has one.

    ``allow_older`` takes a model that was on the device before the current one. ``dry_run`` changes nothing.
    ``batch`` forbids ssh every question on the terminal; ``ssh_config`` is its configuration, None for the user's.
    """

    content: bytes
    signature: bytes | None = None
    allow_older: bool = False
    dry_run: bool = False
    batch: bool = True
    ssh_config: Path | None = None

    @cached_property
    def sha256(self) -> str:
        """What the model is called on devices: the sha256 of the whole file, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()
