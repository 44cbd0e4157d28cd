"""A folder of photos as a data set: one folder a class, bad files named, photos never counted twice."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from edge.sources.files import walk_files
from trainer.photos.split import SPLITS, SplitRatios, assign_splits


class Skipped(NamedTuple):
    """A path that is passed over, relative to the data set's folder, and why."""

    path: str
    reason: str


class Candidate(NamedTuple):
    """A file found in a class folder, not yet opened. ``relative`` has forward slashes on every system."""

    path: Path
    relative: str
    label: str


class Photo(NamedTuple):
    """A photo that can be decoded: its place, class, content hash (32 bytes) and split."""

    path: Path
    relative: str
    label: str
    sha256: bytes
    split: str


class Listing(NamedTuple):
    """What lies in the folder: class names in order, candidate files, and what was passed over."""

    root: Path
    labels: tuple[str, ...]
    candidates: list[Candidate]
    skipped: list[Skipped]


class Dataset(NamedTuple):
    """Photos ready for training, sorted by relative path; ``labels`` are sorted by name."""

    labels: tuple[str, ...]
    photos: list[Photo]
    skipped: list[Skipped]

    def of(self, split: str) -> list[Photo]:
        """The photos of one split."""
        return [photo for photo in self.photos if photo.split == split]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many photos each class has in each split."""
        counts = {label: dict.fromkeys(SPLITS, 0) for label in self.labels}
        for photo in self.photos:
            counts[photo.label][photo.split] += 1
        return counts


def list_photos(root: Path) -> Listing:
    """The files in ``root``'s class folders, without opening any of them.

    Raises :class:`~edge.errors.DatasetError` where ``root`` is missing, holds no class folder with files, or
    has a class folder whose name cannot be a label.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; give a folder that has one folder of photos for each class")
    skipped: list[Skipped] = []
    candidates: dict[str, list[Candidate]] = defaultdict(list)

    def skip(path: Path, reason: str) -> None:
        skipped.append(Skipped(path.relative_to(root).as_posix(), reason))

    # One walk from the root, and not one a class, so that a link back to the root is known for what it is.
    for path in walk_files(root, skip):
        relative = path.relative_to(root).as_posix()
        label, slash, _ = relative.partition("/")
        if slash:
            candidates[label].append(Candidate(path, relative, label))
        else:
            skip(path, "not in a class folder")
    if not candidates:
        raise DatasetError(f"{root}: no photos in it; put each class's photos into a folder named after the class")
    named = {entry.path for entry in skipped}
    for entry in sorted(root.iterdir()):
        if entry.is_dir() and entry.name not in candidates and entry.name not in named:
            skip(entry, "an empty class folder")
    labels = tuple(sorted(candidates))
    for label in labels:
        _check_label(root, label)
    return Listing(root, labels, [c for label in labels for c in candidates[label]], skipped)


def _check_label(root: Path, label: str) -> None:
    """Labels travel as lines of UTF-8 text; a name that would come back as another is refused at once."""
    try:
        kept = label.encode().decode().splitlines() == [label]
    except UnicodeEncodeError:  # how Python holds file names that are not UTF-8
        kept = False
    if not kept:
        raise DatasetError(f"{root}: the class folder {label!a} cannot be a label; rename it to one line of UTF-8")


def assemble(
    listing: Listing,
    identities: Sequence[bytes | None],
    reasons: Sequence[str | None],
    ratios: SplitRatios,
    training: bool = True,
) -> Dataset:
    """The data set of those candidates that could be decoded, without duplicates, split.

    ``identities`` are the content hashes of ``listing.candidates``, None where a file could not be decoded,
    for the reason at the same place in ``reasons``. Of photos with the same bytes in one class the first by
    path is kept, so that none is in two splits; the same bytes in two classes contradict each other, and
    all are left out.

    Raises :class:`~edge.errors.DatasetError` where fewer than two classes have photos or, for ``training``,
    where a class has too few to put one into each split.
    """
    skipped = list(listing.skipped)
    labels_of: dict[bytes, set[str]] = defaultdict(set)
    first: dict[bytes, str] = {}
    for candidate, identity in zip(listing.candidates, identities, strict=True):
        if identity is not None:
            labels_of[identity].add(candidate.label)
            first[identity] = min(first.get(identity, candidate.relative), candidate.relative)
    kept: list[tuple[Candidate, bytes]] = []
    for candidate, identity, reason in zip(listing.candidates, identities, reasons, strict=True):
        if identity is None:
            skipped.append(Skipped(candidate.relative, reason or "cannot be read"))
        elif len(labels_of[identity]) > 1:
            classes = " and ".join(sorted(labels_of[identity]))
            skipped.append(Skipped(candidate.relative, f"the same photo is in {classes}; keep it in one"))
        elif first[identity] != candidate.relative:
            skipped.append(Skipped(candidate.relative, f"the same photo as {first[identity]}"))
        else:
            kept.append((candidate, identity))
    labels = tuple(sorted({candidate.label for candidate, _ in kept}))
    if len(labels) < 2 and training:
        have = f"only {labels[0]!r}" if labels else "none"
        raise DatasetError(
            f"{listing.root}: training needs photos of at least two classes, found {have}{_passed_over(skipped)}"
        )
    try:
        splits = assign_splits([(c.label, c.relative) for c, _ in kept], ratios, strict=training)
    except DatasetError as error:
        raise DatasetError(f"{error}{_passed_over(skipped)}") from None
    photos = [Photo(c.path, c.relative, c.label, identity, splits[c.relative]) for c, identity in kept]
    photos.sort(key=lambda photo: photo.relative)
    skipped += [Skipped(label, "no usable photo in it") for label in listing.labels if label not in labels]
    return Dataset(labels, photos, sorted(set(skipped)))


def dataset_fingerprint(dataset: Dataset) -> str:
    """A sha256 over classes, splits and contents of all photos: the same photos, the same fingerprint."""
    lines = sorted(f"{photo.label}\0{photo.split}\0{photo.sha256.hex()}\n" for photo in dataset.photos)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _passed_over(skipped: list[Skipped]) -> str:
    """Why there may be fewer photos than files, for the end of a message."""
    if not skipped:
        return ""
    first = min(skipped)
    return f" ({len(skipped)} passed over: {first.path}: {first.reason}{', ...' * (len(skipped) > 1)})"
