"""A folder of photos as a data set: classes, photos and their splits, bad files named, no photo counted twice."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.errors import DatasetError
from trainer.photos.bucket import as_place
from trainer.photos.folder import list_photos
from trainer.photos.layout import AUTO
from trainer.photos.name_groups import name_groups
from trainer.photos.photo import Photo as Photo
from trainer.photos.photo_files import PhotoFile, PhotoFolder, Skipped
from trainer.photos.reading import Contents, read_contents
from trainer.photos.split import SPLITS, TEST, GroupedPhoto, SplitRatios, assign_splits, dependent
from trainer.progress import ProgressLike, as_progress


class Dataset(NamedTuple):
    """The photos in ``root``, sorted by relative path and split by ``ratios``; ``labels`` are sorted.

    ``root`` is a folder of photos or a list of them; ``layout`` says how its folders were read.

    >>> photos = Dataset.from_folder("flower_photos")  # doctest: +SKIP
    >>> photos.labels  # doctest: +SKIP
    ('daisy', 'dandelion', 'roses', 'sunflowers', 'tulips')
    """

    root: Path
    labels: tuple[str, ...]
    photos: list[Photo]
    skipped: list[Skipped]
    ratios: SplitRatios = SplitRatios()
    layout: str = AUTO

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        *,
        validation_percentage: float = SplitRatios().validation_percentage,
        testing_percentage: float = SplitRatios().testing_percentage,
        seed: int = SplitRatios().seed,
        layout: str = AUTO,
        progress: ProgressLike = None,
    ) -> Dataset:
        """Read ``folder``, which has one folder of photos for each class or is a list of photos, and split the photos.

        The split depends on the names of the photos and on ``seed``, so it stays the same if photos are added or the
        folder moves. If the folders themselves are a split, such as ``train/`` and ``test/``, that is used; the layout
        ``classes`` takes each folder as a class instead. ``progress`` is called with each
        :class:`~trainer.progress.Stage`; None is silent.

        Raises :class:`~edge.errors.DatasetError` if there is no folder of photos, and
        :class:`~edge.errors.UsageError` for percentages that leave too few photos and for an unknown layout.
        """
        ratios = SplitRatios(validation_percentage, testing_percentage, seed).check()
        if ratios.doubt:
            as_progress(progress).message(ratios.doubt)
        return read_dataset(as_place(folder), ratios, progress, layout=layout)

    def of(self, split: str) -> list[Photo]:
        """The photos of one split: training, validation or test."""
        return [photo for photo in self.photos if photo.split == split]

    def by_split(self) -> list[Photo]:
        """All photos: the training photos, then the validation photos, then the test photos."""
        return [photo for split in SPLITS for photo in self.of(split)]

    @property
    def independent(self) -> int:
        """How many photos do not depend on each other: the number of groups."""
        return len({photo.group for photo in self.photos})

    @property
    def test_photos(self) -> list[Photo]:
        """The test photos that depend on no photo of another split: only these show how good a model is.

        All test photos, if :attr:`has_evidence` is false.
        """
        return self._independent_tests() if self.has_evidence else self.of(TEST)

    @property
    def has_evidence(self) -> bool:
        """Whether there are such test photos of at least two classes and of at least half of the classes."""
        shown = len(self.labels) - len(self.without_evidence)
        return shown >= 2 and 2 * shown >= len(self.labels)

    @property
    def without_evidence(self) -> list[str]:
        """The classes that have no such test photo."""
        shown = {photo.label for photo in self._independent_tests()}
        return [label for label in self.labels if label not in shown]

    def groups(self) -> list[list[Photo]]:
        """The groups of more than one photo, the largest first, then by the path of their first photo."""
        return largest_groups(self.photos)

    def _independent_tests(self) -> list[Photo]:
        torn = dependent((photo.group, photo.split) for photo in self.photos)
        return [photo for photo in self.of(TEST) if photo.group not in torn]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many photos each class has in each split: ``{"daisy": {"training": 210, ...}}``."""
        counts = {label: dict.fromkeys(SPLITS, 0) for label in self.labels}
        for photo in self.photos:
            counts[photo.label][photo.split] += 1
        return counts


def largest_groups(photos: Iterable[Photo]) -> list[list[Photo]]:
    """The groups of more than one of ``photos``, the largest first, then by the path of their first photo."""
    members: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        members[photo.group].append(photo)
    found = [group for group in members.values() if len(group) > 1]
    return sorted(found, key=lambda group: (-len(group), group[0].group))


def read_dataset(
    folder: Path, ratios: SplitRatios, progress: ProgressLike = None, *, training: bool = False, layout: str = AUTO
) -> Dataset:
    """The photos in ``folder`` that can be decoded, split by ``ratios``.

    Raises :class:`~edge.errors.DatasetError` if there is no folder of photos or, for ``training``, too few of them.
    """
    found = list_photos(folder, layout, as_progress(progress))
    dataset = assemble(found, read_contents(found, as_progress(progress)), ratios, training=training)
    return dataset._replace(layout=layout)


def assemble(
    folder: PhotoFolder,
    contents: Contents,
    ratios: SplitRatios,
    *,
    training: bool = True,
    groups: Mapping[str, str] | None = None,
    beside: Sequence[str] = (),
) -> Dataset:
    """The data set of those files of ``folder`` that hold a photo, without duplicates, split by ``ratios``.

    ``groups`` has the group of each photo by its relative path, None: the groups that the names show. The labels
    ``beside`` belong to it too; they need no photos.

    If photos of one class have the same bytes, the first by path is kept, so that none is in two splits. The same
    bytes in two classes contradict each other: all of them are skipped.

    Raises :class:`~edge.errors.DatasetError` if fewer than two classes have photos or, for ``training``, if a class
    has too few to put one into each split.
    """
    skipped = list(folder.skipped)
    first: dict[bytes, PhotoFile] = {}  # the first file by path with these bytes
    classes: dict[bytes, set[str]] = defaultdict(set)  # of bytes that several files have
    for file in folder.files:
        sha256 = contents.sha256.get(file.relative)
        if sha256 is not None:
            other = first.setdefault(sha256, file)
            if other is not file:
                classes[sha256] |= {other.label, file.label}
                first[sha256] = min(other, file, key=lambda each: each.relative)
    skipped += [
        Skipped(file.relative, contents.unreadable[file.relative])
        for file in folder.files
        if file.relative in contents.unreadable
    ]
    kept: list[PhotoFile] = []
    for file in folder.files:
        sha256 = contents.sha256.get(file.relative)
        if sha256 is None:
            continue
        if len(classes.get(sha256, ())) > 1:
            names = " and ".join(sorted(classes[sha256]))
            skipped.append(Skipped(file.relative, f"the same photo is in {names}; keep it in one"))
        elif first[sha256].relative != file.relative:
            skipped.append(Skipped(file.relative, f"the same photo as {first[sha256].relative}"))
        else:
            kept.append(file)
    del first
    labels = tuple(sorted({file.label for file in kept}))
    if len({*labels, *beside}) < 2 and training:
        have = f"only {labels[0]!r}; add a folder with photos of another class" if labels else "none"
        raise DatasetError(
            f"{folder.root}: training needs photos of at least two classes, found {have}{_why_fewer(skipped)}"
        )
    try:
        found = name_groups([file.relative for file in kept]) if groups is None else groups
        splits = assign_splits(
            [GroupedPhoto(file.relative, file.label, found[file.relative], file.split) for file in kept],
            ratios,
            strict=training,
        )
    except DatasetError as error:
        raise DatasetError(f"{error}{_why_fewer(skipped)}") from None
    photos = [
        Photo.at(file, contents.sha256[file.relative], splits[file.relative], found[file.relative]) for file in kept
    ]
    photos.sort(key=lambda photo: photo.relative)
    skipped += [Skipped(label, "no usable photo in it") for label in folder.labels if label not in labels]
    return Dataset(folder.root, tuple(sorted({*labels, *beside})), photos, sorted(set(skipped)), ratios)


def dataset_fingerprint(dataset: Dataset) -> str:
    """A sha256 over classes, splits and contents of all photos: the same photos, the same fingerprint."""
    return fingerprint(dataset.photos)


def fingerprint(photos: Iterable[Photo]) -> str:
    """A sha256 over classes, splits and contents of ``photos``, in whatever order."""
    members: dict[str, list[bytes]] = defaultdict(list)
    for photo in photos:
        members[f"{photo.label}\0{photo.split}\0"].append(photo.sha256)
    digest = hashlib.sha256()
    for place in sorted(members):
        for sha256 in sorted(members[place]):
            digest.update(f"{place}{sha256.hex()}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _why_fewer(skipped: list[Skipped]) -> str:
    """Why there are fewer photos than files, for the end of a message."""
    if not skipped:
        return ""
    first = min(skipped)
    return f" ({len(skipped)} skipped: {first.path}: {first.reason}{', ...' * (len(skipped) > 1)})"
