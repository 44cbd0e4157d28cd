"""Reading the photos that models are evaluated on, in groups that depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trainer.bottlenecks.stored_looks import LookFile
from trainer.groups import find_groups
from trainer.groups.find_among_many import find_groups_among_many, stored_brightness
from trainer.groups.look_features import look_features
from trainer.groups.modes import GROUPS_AUTO, GROUPS_OFF
from trainer.photos.bucket import as_place
from trainer.photos.dataset import Dataset, Photo, assemble
from trainer.photos.folder import list_photos
from trainer.photos.layout import AUTO
from trainer.photos.look import Look
from trainer.photos.name_groups import name_groups
from trainer.photos.reading import read_contents
from trainer.photos.split import SplitRatios
from trainer.progress import Progress


def read_photos(
    photos: Dataset | str | Path,
    ratios: SplitRatios,
    progress: Progress,
    *,
    layout: str = AUTO,
    groups: str = GROUPS_AUTO,
) -> Dataset:
    """``photos`` as they are if they are a data set; a folder's are read by ``layout`` and split by ``ratios``.

    ``groups`` says how the groups of a folder's photos are found: one of :data:`~trainer.groups.modes.GROUPS`. They do
    not change the split: it is that of a model of an older release, which knew no groups.

    Raises :class:`~edge.errors.DatasetError` if there is no folder of photos.
    """
    if isinstance(photos, Dataset):
        return photos
    found = list_photos(as_place(photos), layout, progress)
    looks: dict[str, Look] | LookFile | None = None
    if groups == GROUPS_AUTO:
        looks = LookFile() if len(found.files) > find_groups.MOST_COMPARED else {}
    contents = read_contents(found, progress, looks=looks)
    alone = {relative: relative for relative in contents.sha256}
    dataset = assemble(found, contents, ratios, training=False, groups=alone)._replace(layout=layout)
    if groups == GROUPS_OFF:
        return dataset
    named = _find(dataset.photos, looks, progress)
    return dataset._replace(photos=[photo._replace(group=named[photo.relative]) for photo in dataset.photos])


def _find(photos: list[Photo], looks: dict[str, Look] | LookFile | None, progress: Progress) -> Mapping[str, str]:
    relatives = [photo.relative for photo in photos]
    if looks is None or len(photos) < 2:
        return name_groups(relatives)
    with progress.stage("groups"):
        if isinstance(looks, LookFile):
            rest, pixels = looks.of(relatives)
            return find_groups_among_many(relatives, stored_brightness(len(relatives), pixels), rest, pixels)
        own = [looks[relative] for relative in relatives]
        return find_groups.find_groups(relatives, look_features(own), own)
