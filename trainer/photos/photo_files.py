"""The files of a folder or a list of photos: what each is, and what is not used."""

from __future__ import annotations

import os
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple, TypeVar

from trainer.photos.bucket import ADDRESSES, place_at

_Kind = TypeVar("_Kind", bound="AtPlace")


class Skipped(NamedTuple):
    """A path that is not used, relative to the data set's folder, and the reason."""

    path: str
    reason: str


class FileStatus(NamedTuple):
    """What tells a file from what it was before: its size in bytes and when it was changed, in ns."""

    st_size: int
    st_mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStatus:
        """What ``status`` says."""
        return cls(status.st_size, status.st_mtime_ns)


class AtPlace:
    """What a named tuple with the fields ``place`` and ``relative``, whose maker takes a path, does with its path.

    The path is made when it is asked for: a million objects of :class:`~pathlib.Path` take half a gigabyte. ``place``
    is its beginning, or all of it.
    """

    __slots__ = ()
    place: str
    relative: str

    @property
    def path(self) -> Path:
        """Where the file is."""
        return path_at(self.place, self.relative)

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What a copy is made of."""
        return (self.path, *self[1:])  # type: ignore[index]

    def _replace(self: _Kind, **changes: Any) -> _Kind:
        """A copy with other fields; the path stays the same unless it is among the ``changes``."""
        if "path" in changes or "relative" in changes:
            path, relative = changes.pop("path", self.path), changes.setdefault("relative", self.relative)
            changes["place"] = place_of(path, relative)
        copy: _Kind = super()._replace(**changes)  # type: ignore[misc]
        return copy


class _File(NamedTuple):
    place: str
    relative: str
    label: str
    split: str | None = None
    status: FileStatus | None = None


class PhotoFile(AtPlace, _File):
    """A file found in a class folder. ``relative`` has forward slashes on every system; ``label`` is the class.

    ``split`` is the split that the folder's layout gives, None if it gives none. ``status`` is what a bucket's listing
    says; None: the file itself is asked.
    """

    __slots__ = ()

    def __new__(
        cls, path: Path, relative: str, label: str, split: str | None = None, status: FileStatus | None = None
    ) -> PhotoFile:
        """The file at ``path``."""
        return super().__new__(cls, place_of(path, relative), relative, label, split, status)


def place_of(path: Path, relative: str) -> str:
    """What :func:`path_at` needs beside ``relative``: the beginning of ``path``, or all of it if the end is another."""
    text = os.fspath(path)
    ending = os.sep + relative.replace("/", os.sep)
    return intern(text[: -len(ending) + 1] if text.endswith(ending) and len(text) > len(ending) else f"{text}{os.sep}.")


def path_at(place: str, relative: str) -> Path:
    """The path of which :func:`place_of` gave ``place``."""
    if place.startswith(ADDRESSES):
        return place_at(place[:-2]) if place.endswith("/.") else place_at(f"{place}{relative}")
    return Path(place[:-2] or ".") if place.endswith(f"{os.sep}.") else Path(place, relative)


class PhotoFolder(NamedTuple):
    """What lies in ``root``, a folder or a list of photos: class names in order, their files, and what is skipped."""

    root: Path
    labels: tuple[str, ...]
    files: list[PhotoFile]
    skipped: list[Skipped]
