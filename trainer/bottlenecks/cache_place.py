"""Where a cache may be: SQLite's locks must hold there, and they do not on a drive that several machines share.

The cache's journal (WAL) needs memory that all its users share, which two machines never have: SQLite, *Write-Ahead
Logging*, section 1. So a drive over a network is refused before anything is written to it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from edge.errors import StorageError
from edge.system.drives import ask_drive

NETWORK_TYPES = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "glusterfs", "lustre", "gpfs"),
        *("beegfs", "pvfs2", "ocfs2", "gfs2", "davfs", "coda", "fuse.sshfs", "fuse.ceph"),
        *("fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.mount-s3", "fuse.davfs"),
        *("fuse.smbnetfs", "fuse.curlftpfs", "fuse.juicefs"),
    )
)
"""File systems of drives that several machines can share, as Linux names them."""

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def check_place(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Make sure that ``folder``, which exists, is no drive that several machines share.

    ``mounts`` says what is mounted. A system without such a file is not checked.

    Raises :class:`~edge.errors.StorageError` if it is one, or if its drive does not answer.
    """
    found = file_system(folder, mounts)
    if found in NETWORK_TYPES:
        raise StorageError(
            f"{folder}: on a network drive ({found}), where two machines that write the cache at the same time would "
            "damage it; choose a folder of this machine with --bottleneck-dir (the photos may stay on the drive)"
        )


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The type of the file system of ``folder``, such as ``ext4`` or ``nfs4``; None if ``mounts`` does not say it."""
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return None
    path = os.fsencode(ask_drive(folder, folder.resolve))
    best: tuple[int, str] | None = None
    for line in lines:
        left, separator, right = line.partition(b" - ")
        parts = left.split(b" ")
        if not separator or len(parts) < 5:
            continue
        point = _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), parts[4])
        inside = path == point or path.startswith(point.rstrip(b"/") + b"/")
        if inside and (best is None or len(point) >= best[0]):  # a later line hides an earlier one
            best = len(point), right.split(b" ")[0].decode("ascii", "replace")
    return best and best[1]
