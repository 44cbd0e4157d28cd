"""A photo of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from trainer.photos.photo_files import AtPlace, PhotoFile, place_of


class _Photo(NamedTuple):
    place: str
    relative: str
    label: str
    sha256: bytes
    split: str
    group: str


class Photo(AtPlace, _Photo):
    """A photo that can be decoded: its path, class, content hash (32 bytes), split and group.

    ``group`` is the same for photos that depend on each other: the relative path of the first of them.
    """

    __slots__ = ()

    def __new__(cls, path: Path, relative: str, label: str, sha256: bytes, split: str, group: str) -> Photo:
        """The photo at ``path``."""
        return super().__new__(cls, place_of(path, relative), relative, label, sha256, split, group)

    @classmethod
    def at(cls, file: PhotoFile, sha256: bytes, split: str, group: str) -> Photo:
        """The photo in ``file``."""
        return cls._make((file.place, file.relative, file.label, sha256, split, group))
