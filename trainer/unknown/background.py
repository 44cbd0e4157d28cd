"""Photos of other things: those of ``--background``, and those of a class folder that is called like the new class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.errors import DatasetError, UsageError
from edge.shorten import shorten
from edge.sources.files import walk_files
from edge.system.drives import ask_drive
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.groups.find_groups import groups_by_mode
from trainer.photos.dataset import Photo
from trainer.photos.photo_files import PhotoFile, PhotoFolder, Skipped
from trainer.photos.split import TEST, TRAINING, GroupedPhoto, SplitRatios, assign_splits, photo_group

FEW = 10
"""Of fewer independent photos of other things none is held back to judge the class: all of them teach it."""


class Background(NamedTuple):
    """``photos`` of other things with their ``features`` (photos, values), and the files that are ``skipped``.

    Those of the split ``test`` are held back to judge the class, all others teach it. ``chosen`` (photos,) is true for
    those of ``--background``.
    """

    photos: list[Photo]
    features: npt.NDArray[np.float32]
    chosen: npt.NDArray[np.bool_]
    skipped: list[Skipped]

    @property
    def teaching(self) -> npt.NDArray[np.bool_]:
        """Which photos teach: (photos,)."""
        return np.array([photo.split != TEST for photo in self.photos], bool)

    @property
    def held_back(self) -> list[Photo]:
        """The photos that judge."""
        return [photo for photo in self.photos if photo.split == TEST]

    def without(self, reasons: Mapping[bytes, str]) -> Background:
        """The photos whose sha256 is not among ``reasons``, why they are left out; two folders may have equal paths."""
        kept = np.array([photo.sha256 not in reasons for photo in self.photos], bool)
        skipped = [Skipped(photo.relative, reasons[photo.sha256]) for photo in self.photos if photo.sha256 in reasons]
        photos = [photo for photo in self.photos if photo.sha256 not in reasons]
        return Background(photos, self.features[kept], self.chosen[kept], [*self.skipped, *skipped])


def list_background(folder: Path, photos: Path, label: str) -> PhotoFolder:
    """The files of ``--background`` ``folder``, at any depth, which are taken for photos of ``label``.

    Their relative paths begin with that of ``folder``, as it was given. ``photos`` is the folder of the classes.

    Raises :class:`~edge.errors.DatasetError` if there is no such folder or nothing in it, and
    :class:`~edge.errors.UsageError` if it is the folder of the classes or inside it.
    """
    if not ask_drive(folder, folder.is_dir):
        raise DatasetError(f"--background {folder}: no such folder; give a folder with photos of other things")
    if photos.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise UsageError(
            f"--background {folder}: it is in the folder of the classes; give another one, or call a class folder "
            f"{shorten(label)} and leave out --background"
        )
    skipped: list[Skipped] = []

    def skip(path: Path, reason: str) -> None:
        skipped.append(Skipped(path.as_posix(), reason))

    files = [PhotoFile(path, path.as_posix(), label) for path in walk_files(folder, skip)]
    if not files:
        raise DatasetError(f"--background {folder}: no photos in it; give a folder with photos of other things")
    return PhotoFolder(folder, (label,), files, skipped)


def read_background(
    extractor: FeatureExtractor,
    own: Sequence[PhotoFile],
    given: PhotoFolder | None,
    classes: Iterable[Photo],
    ratios: SplitRatios,
    mode: str,
) -> Background:
    """The photos of the class folder ``own`` and of the folder ``given``, each once, with bottlenecks from the cache.

    A photo that is one of the ``classes``' photos too is skipped. The other photos are split by ``ratios`` as those of
    a class are, or as the layout of the folder says. Of those that depend on each other, found as ``mode`` says, all
    teach or all judge. If fewer than :data:`FEW` are independent, all of them teach.

    Raises :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    known = {photo.sha256: photo for photo in classes}
    skipped = list(given.skipped) if given else []
    first: dict[bytes, PhotoFile] = {}
    chosen: list[bool] = []
    # Two folders, not one: the same relative path may be in both.
    for place, files in enumerate((list(own), given.files if given else [])):
        if not files:
            continue
        contents = compute_bottlenecks(extractor, PhotoFolder(Path(), (), files, [])).contents
        skipped += [Skipped(*item) for item in contents.unreadable.items()]
        for file in files:
            sha256 = contents.sha256.get(file.relative)
            if sha256 is None:
                continue
            if sha256 in known:
                photo = known[sha256]
                skipped.append(Skipped(file.relative, f"a photo of the class {photo.label}: {photo.relative}"))
            elif sha256 in first:
                skipped.append(Skipped(file.relative, f"the same photo as {first[sha256].relative}"))
            else:
                first[sha256] = file
                chosen.append(place == 1)
    features = extractor.load(list(first))
    return Background(_split(extractor, first, ratios, mode), features, np.array(chosen, bool), skipped)


def _split(
    extractor: FeatureExtractor, files: Mapping[bytes, PhotoFile], ratios: SplitRatios, mode: str
) -> list[Photo]:
    photos = [
        Photo(file.path, file.relative, file.label, sha256, TRAINING, file.relative) for sha256, file in files.items()
    ]
    groups = groups_by_mode(extractor, photos, mode) if photos else {}
    # By contents, not by paths: the same photos teach wherever their folder is.
    units = [photo_group(groups[photo.relative]) for photo in photos]
    first: dict[str, str] = {}
    for name, unit in sorted((photo.sha256.hex(), unit) for photo, unit in zip(photos, units, strict=True)):
        first.setdefault(unit, name)
    grouped = [
        GroupedPhoto(sha256.hex(), file.label, first[unit], file.split)
        for (sha256, file), unit in zip(files.items(), units, strict=True)
    ]
    if len(first) < FEW:
        splits = {photo.relative: photo.given or TRAINING for photo in grouped}
    else:
        splits = assign_splits(grouped, ratios, strict=False)
    return [photo._replace(split=splits[photo.sha256.hex()], group=groups[photo.relative]) for photo in photos]
