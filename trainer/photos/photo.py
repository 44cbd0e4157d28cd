"""A photo of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from trainer.photos.photo_files import PhotoFile, path_at, place_of


class _Photo(NamedTuple):
    place: str
    relative: str
    label: str
    sha256: bytes
    split: str
    group: str


class Photo(_Photo):
    """A photo that can be decoded: its path, class, content hash (32 bytes), split and group.

    ``group`` is the same for photos that depend on each other: the relative path of the first of them. The path is made
    when it is asked for, as that of a :class:`~trainer.photos.photo_files.PhotoFile`.
    """

    __slots__ = ()

    def __new__(cls, path: Path, relative: str, label: str, sha256: bytes, split: str, group: str) -> Photo:
        """The photo at ``path``."""
        return super().__new__(cls, place_of(path, relative), relative, label, sha256, split, group)

    @classmethod
    def at(cls, file: PhotoFile, sha256: bytes, split: str, group: str) -> Photo:
        """The photo in ``file``."""
        return cls._make((file.place, file.relative, file.label, sha256, split, group))

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What a copy is made of."""
        return (self.path, *self[1:])

    def _replace(self, **changes: Any) -> Photo:
        """A copy with other fields; the path stays the same unless it is among the ``changes``."""
        if "path" in changes or "relative" in changes:
            path, relative = changes.pop("path", self.path), changes.setdefault("relative", self.relative)
            changes["place"] = place_of(path, relative)
        return super()._replace(**changes)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return path_at(self.place, self.relative)
