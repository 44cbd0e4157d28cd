"""Pull: the photos of a device, named as a target of a flash, are copied into a folder here."""

from __future__ import annotations

from pathlib import Path

from edge.errors import UsageError
from trainer.flash.flash_targets import ssh_options
from trainer.flash.pull_photos import Pulled, pull_photos
from trainer.flash.ssh_connection import SshConnection
from trainer.flash.target import Target
from trainer.progress import Progress


def pull(name: str, source: str, folder: Path, progress: Progress, *, config: Path | None, interactive: bool) -> Pulled:
    """Copy the photos below the folder ``source`` of the device ``name`` into ``folder``: :func:`pull_photos`.

    ``config`` is ssh's configuration file; it may ask questions if the terminal is ``interactive``.

    Raises :class:`~edge.errors.UsageError` if ``name`` is not a host, and the errors of :func:`pull_photos`.
    """
    target = Target.parse(name)
    if target.folder is not None:
        raise UsageError(f"{name}: is a folder; name a device as user@host")
    options = ssh_options([target], config, interactive=interactive)
    with SshConnection(target, options) as connection:
        return pull_photos(connection, source, folder, progress)
