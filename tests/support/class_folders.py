"""The class folders of a session on the disk: written, opened and listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.pictures import noise_picture
from trainer.teach.folders.class_folders import ClassFolders
from trainer.teach.state import CLASS

Open = Callable[..., ClassFolders]
"""The fixture ``opened``, which takes the arguments of :class:`ClassFolders` after the first one."""


def write(root: Path, **numbers: int) -> None:
    """Write noise pictures: ``rose__1=5`` is picture 5 as ``rose/1.jpg``, ``a__b__1`` is ``a/b/1.jpg``."""
    for name, number in numbers.items():
        path = root / f"{name.replace('__', '/')}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise_picture(number))


def relatives(folders: ClassFolders, place: str = CLASS, label: str | None = None) -> list[str]:
    """The paths of photos, sorted."""
    return sorted(photo.relative for photo in folders.of(place, label))
