"""The layout of a folder of photos: which folders are classes, and which are the split into training and test photos.

Everything here follows from the relative paths of the files; no file is opened.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from trainer.photos.split import SPLITS, TEST, TRAINING, VALIDATION

AUTO, CLASSES = LAYOUTS = ("auto", "classes")
"""How folders are read: recognise the layout, or take each folder directly in the photos' folder as a class."""

ABOVE, INSIDE = "above", "inside"
"""Where the split folders are: above the class folders, or inside them."""

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), TRAINING),
    **dict.fromkeys(("val", "valid", "validation"), VALIDATION),
    **dict.fromkeys(("test", "testing", "eval"), TEST),
}
"""Names of folders, in lower case, that stand for a split."""

# Endings of files that programs and export services put beside photos. They say nothing about the layout.
_NOT_PHOTOS = re.compile(
    r"\.(txt|jsonl?|ndjson|[ct]sv|xml|ya?ml|toml|md|rst|html?|pdf|py|ipynb|sh|log|cache|names|np[yz]|pkl|parquet|db|"
    r"zip|tar|gz|tflite|h5|pt|onnx)$",
    re.IGNORECASE,
)

Folders = tuple[str, ...]
"""The names of folders, from above to below; also a path in its parts."""


class Place(NamedTuple):
    """What the folders say of a file: its class, and its split if they give one."""

    label: str
    split: str | None = None


class Layout(NamedTuple):
    """How the folders are read.

    ``top`` is the folder, relative to the photos' folder, in which class folders (or split folders above them) are.
    ``splits`` is :data:`ABOVE`, :data:`INSIDE`, or None if the folders give no split. ``between`` are the folders
    between a split folder and its class folders.
    """

    top: Folders = ()
    splits: str | None = None
    between: Folders = ()

    def place(self, path: str) -> Place | None:
        """The place of the file with this relative ``path`` (forward slashes); None if it is in no class folder."""
        *folders, _ = path.split("/")
        if tuple(folders[: len(self.top)]) != self.top:
            return None
        del folders[: len(self.top)]
        if self.splits != ABOVE:
            split = split_of(folders[1]) if self.splits == INSIDE and len(folders) > 1 else None
            return Place(class_name(folders[0]), split) if folders else None
        start = 1 + len(self.between)
        if len(folders) <= start or tuple(folders[1:start]) != self.between or split_of(folders[0]) is None:
            return None
        return Place(class_name(folders[start]), split_of(folders[0]))


def class_name(folder: str) -> str:
    """The class that ``folder`` stands for: systems write the same name in several ways, NFC is one of them."""
    return unicodedata.normalize("NFC", folder)


def split_of(folder: str) -> str | None:
    """The split that a folder of this name stands for, None if it stands for none."""
    return SPLIT_NAMES.get(folder.strip().casefold())


def recognise(paths: Iterable[str]) -> Layout:
    """The layout of the files with these relative ``paths`` (with forward slashes).

    - Split folders above the class folders (``train/daisy/1.jpg``), or inside them (``daisy/train/1.jpg``).
      :data:`SPLIT_NAMES` has the names; upper and lower case are the same. All folders of that level must be split
      folders, most photos must lie in class folders, and these must agree. Above: each split has two classes in
      common with training, or all of its own, or all of training's, so a class may be missing in a split. Inside:
      there is a split that every class has.
    - A folder around everything (``flowers/daisy/1.jpg``): the classes are the folders in it, if there are several.

    Otherwise the first folder of each path is the class.
    """
    photos = photo_folders(paths)
    top = _around(photos)
    levels = [[folders[depth:] for folders in photos if len(folders) > depth] for depth in range(len(top) + 1)]
    for depth, inner in enumerate(levels):
        between = _splits_above(inner)
        if between is not None:
            return Layout(top[:depth], ABOVE, between)
    for depth, inner in enumerate(levels):
        if _splits_inside(inner):
            return Layout(top[:depth], INSIDE)
    return Layout(top)


def photo_folders(paths: Iterable[str]) -> list[Folders]:
    """The folders above each file that may be a photo; of all files if none may be."""
    known: dict[Folders, Folders] = {}  # files of one folder share one object: there may be a million
    files, photos = [], []
    for path in paths:
        *parts, name = path.split("/")
        folders = tuple(parts)
        folders = known.setdefault(folders, folders)
        files.append(folders)
        if not _NOT_PHOTOS.search(name):
            photos.append(folders)
    return photos or files


def by_first(photos: Iterable[Folders]) -> dict[str, list[Folders]]:
    """The photos in each folder of the first level, each with the folders below that level."""
    found: dict[str, list[Folders]] = defaultdict(list)
    for folders in photos:
        if folders:
            found[folders[0]].append(folders[1:])
    return dict(found)


def agreement(photos: Sequence[Folders]) -> tuple[Folders, dict[str, set[str]]]:
    """The folders between split folders and class folders, and the classes in each split, of ``photos``.

    ``photos`` are those below split folders. Names of classes are compared without upper and lower case.
    """
    between = _around([folders[1:] for folders in photos])
    classes: dict[str, set[str]] = {split: set() for split in SPLITS if split in {split_of(f[0]) for f in photos}}
    for split, *rest in photos:
        if len(rest) > len(between) and tuple(rest[: len(between)]) == between:
            classes[split_of(split) or ""].add(class_name(rest[len(between)]).casefold().strip())
    return between, classes


def _around(photos: Sequence[Folders]) -> Folders:
    """The folder around everything in which there are several folders; the empty one if there is no such folder.

    Some files beside these folders do not matter, such as a picture for a title.
    """
    top: Folders = ()
    while True:
        inner = [folders[len(top) :] for folders in photos if len(folders) >= len(top)]
        found = by_first(inner)
        beside = sum(not folders for folders in inner) if top else 0
        if len(found) != 1 or beside > 1:
            return top if len(found) > 1 and beside <= len(found) else ()
        top = (*top, *found)


def _splits_above(photos: Sequence[Folders]) -> Folders | None:
    """The folders between split folders and class folders, None if the first folders are not the split."""
    photos = [folders for folders in photos if folders]
    if not photos or any(split_of(name) is None for name in by_first(photos)):
        return None
    between, classes = agreement(photos)
    in_classes = sum(len(folders) > 1 + len(between) for folders in photos)
    first, *others = classes.values()
    agree = all(len(first & other) >= 2 or first <= other or other <= first for other in others)
    return between if 2 * in_classes >= len(photos) and all(classes.values()) and agree else None


def _splits_inside(photos: Sequence[Folders]) -> bool:
    """Whether every first folder has split folders in it, with most of its photos, and one split is in all of them."""
    found = []
    for inner in by_first(photos).values():
        names = by_first(inner)
        if any(split_of(name) is None for name in names) or 2 * sum(map(len, names.values())) < len(inner):
            return False
        found.append({split_of(name) for name in names})
    return bool(found) and bool(set.intersection(*found))
