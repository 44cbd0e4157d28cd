"""Groups of photos that depend on each other: names, EXIF and bottlenecks name candidates, pixels decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import HashedPhoto, load_looks
from trainer.groups.names import same_by_name
from trainer.groups.neighbours import nearest
from trainer.groups.union import Groups
from trainer.photos.folder import PhotoFolder
from trainer.photos.look import Look
from trainer.photos.reading import Contents

OFF, NAMES, AUTO = GROUP_MODES = ("off", "names", "auto")
"""Every photo alone; what names say; names, EXIF, bottlenecks and pixels."""

_NEIGHBOURS = 8


def check_mode(mode: str) -> str:
    """``mode`` itself. Raises :class:`~edge.errors.UsageError` if it is not one of :data:`GROUP_MODES`."""
    if mode not in GROUP_MODES:
        raise UsageError(f"--groups {mode!r}: give {', '.join(GROUP_MODES[:-1])} or {GROUP_MODES[-1]}")
    return mode


def groups_of_folder(
    extractor: FeatureExtractor, folder: PhotoFolder, contents: Contents, mode: str = AUTO
) -> dict[str, str]:
    """The group of every photo of ``folder`` that can be decoded, by relative path.

    ``contents`` is what :func:`~trainer.bottlenecks.compute.compute_bottlenecks` found: bottlenecks and looks are in
    the cache. See :func:`find_groups`.
    """
    files = [file for file in folder.files if file.relative in contents.sha256]
    relatives = [file.relative for file in files]
    hashes = [contents.sha256[relative] for relative in relatives]
    if mode != AUTO or not files:
        return dict(zip(relatives, find_groups(relatives, None, None, mode), strict=True))
    photos = [HashedPhoto(file.path, sha256) for file, sha256 in zip(files, hashes, strict=True)]
    looks = load_looks(extractor.bottleneck_dir, photos, extractor.progress)
    with extractor.progress.stage("groups"):
        names = find_groups(relatives, extractor.load(hashes), looks, mode)
    return dict(zip(relatives, names, strict=True))


def find_groups(
    relatives: Sequence[str],
    features: npt.NDArray[np.float32] | None,
    looks: Sequence[Look] | None,
    mode: str = AUTO,
) -> list[str]:
    """The group of each photo, as the relative path of the first photo of its group in natural order.

    A photo that depends on no other one has its own path. ``features`` (photos, values) are the bottlenecks, ``looks``
    the looks of the photos at ``relatives``; both are needed for ``mode`` "auto" only.

    Raises :class:`~edge.errors.UsageError` for another mode than those of :data:`GROUP_MODES`.
    """
    check_mode(mode)
    groups = Groups(relatives)
    if mode != OFF:
        for first, second in same_by_name(relatives):
            groups.join(first, second)
    if mode == AUTO:
        if features is None or looks is None:
            raise ValueError("mode 'auto' needs features and looks")
        for first, second in _same_by_pixels(features, looks):
            groups.join(first, second)
    return groups.names()


def members(groups: Sequence[str]) -> list[list[int]]:
    """The indices of the photos of each group of more than one, largest group first; ``groups`` has each photo's."""
    found: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        found[group].append(index)
    return sorted((indices for indices in found.values() if len(indices) > 1), key=lambda each: (-len(each), each))


def _same_by_pixels(features: npt.NDArray[np.float32], looks: Sequence[Look]) -> list[tuple[int, int]]:
    neighbours = nearest(features, _NEIGHBOURS)
    pairs = {
        (min(i, j), max(i, j))
        for i, row in enumerate(neighbours.indices)
        for j, cosine in zip(row, neighbours.cosines[i], strict=True)
        if cosine > 0.8
    }
    pixels = np.stack([look.pixels for look in looks]).astype(np.float32)
    pixels -= pixels.mean(axis=(1, 2), keepdims=True)
    pixels /= np.maximum(np.sqrt((pixels**2).sum(axis=(1, 2), keepdims=True)), 64 * 4.0)
    return [
        (int(i), int(j))
        for i, j in sorted(pairs)
        if max((pixels[i] * pixels[j]).sum(), (pixels[i] * pixels[j, :, ::-1]).sum()) > 0.95
    ]
