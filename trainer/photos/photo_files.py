"""The files of a folder or a list of photos: what each is, and what is not used."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Skipped(NamedTuple):
    """A path that is not used, relative to the data set's folder, and the reason."""

    path: str
    reason: str


class PhotoFile(NamedTuple):
    """A file found in a class folder. ``relative`` has forward slashes on every system; ``label`` is the class.

    ``split`` is the split that the folder's layout gives, None if it gives none.
    """

    path: Path
    relative: str
    label: str
    split: str | None = None


class PhotoFolder(NamedTuple):
    """What lies in ``root``, a folder or a list of photos: class names in order, their files, and what is skipped."""

    root: Path
    labels: tuple[str, ...]
    files: list[PhotoFile]
    skipped: list[Skipped]
