"""Paths on this machine: ``s3://bucket/models`` is none, though a system would make folders of it."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from pathlib import Path

from edge.shorten import shorten

_ADDRESS = re.compile(r"(abfss?|az|file|ftp|gcs|gs|hdfs|https?|s3[an]?|sftp|smb):[\\/]+(.*)", re.DOTALL | re.IGNORECASE)


def address_problem(path: str | Path) -> str | None:
    """What is wrong with ``path`` if it is an address, also one of which a ``Path`` has kept one slash; else None."""
    match = _ADDRESS.fullmatch(str(path))
    if match is None:
        return None
    return f"{shorten(f'{match[1]}://{match[2]}')} is an address; give a path on this machine"


def local_path(text: str) -> Path:
    """The path ``text``, for argparse.

    Raises :class:`argparse.ArgumentTypeError` if it is an address.
    """
    if problem := address_problem(text):
        raise ArgumentTypeError(problem)
    return Path(text)
