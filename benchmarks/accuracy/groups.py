"""Are copies of photos found, and are photos that are no copies left alone? Copies are made of some of the photos."""

from __future__ import annotations

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.accuracy.altered_copies import ALTERED
from trainer.backbones.architectures import Architecture
from trainer.backbones.backbone import load_backbones
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.looks import load_looks
from trainer.groups.find_groups import find_groups
from trainer.photos.dataset import Photo, assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import SplitRatios
from trainer.progress import Progress


def measure(
    image_dir: Path, architectures: list[Architecture], sample: int, cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """Find the groups of ``image_dir`` as it is, and with copies of ``sample`` photos, for each way to make them.

    Each row has how many photos are in groups of more than one (without copies), or how many of the sampled photos are
    in one group with all their copies and nothing else, and how many with something else. Names say nothing.
    """
    rows = []
    for architecture in architectures:
        (backbone,) = load_backbones(cache, architecture, None, ("int8",))
        extractor = FeatureExtractor(backbone, cache, progress=progress)
        photos, alone = _groups(extractor, image_dir)
        together = [group for group in _members(alone).values() if len(group) > 1]
        common = {"architecture": architecture.name, "photos": len(photos)}
        rows.append({**common, "copies": "none", "in_groups": sum(map(len, together)), "groups": sorted(together)})
        chosen = random.Random(0).sample(photos, sample)
        for name in ALTERED:
            with tempfile.TemporaryDirectory() as scratch:
                copies = _write_copies(photos, chosen, Path(scratch), name)
                _, found = _groups(extractor, Path(scratch))
            rows.append({**common, "copies": name, "sample": sample, **_count(alone, found, copies)})
    return rows


def _groups(extractor: FeatureExtractor, folder: Path) -> tuple[list[Photo], dict[str, str]]:
    listed = list_photos(folder)
    contents = compute_bottlenecks(extractor, listed).contents
    apart = {file.relative: file.relative for file in listed.files}
    photos = assemble(listed, contents, SplitRatios(), training=False, groups=apart).photos
    features, looks = extractor.load([photo.sha256 for photo in photos]), load_looks(extractor.bottleneck_dir, photos)
    return photos, find_groups([photo.relative for photo in photos], features, looks)


def _write_copies(photos: list[Photo], chosen: list[Photo], folder: Path, name: str) -> dict[str, list[str]]:
    """Link ``photos`` into ``folder``, and write copies of ``chosen`` beside them: the copies of each, by path."""
    dice = random.Random(name)
    count, alter = ALTERED[name]
    for photo in photos:
        (folder / photo.relative).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(photo.path.resolve(), folder / photo.relative)
    copies: dict[str, list[str]] = {}
    for photo in chosen:
        picture = Image.open(photo.path).convert("RGB")
        copies[photo.relative] = []
        for _ in range(count):
            copies[photo.relative].append(f"{photo.label}/{''.join(dice.choices('ghijklmnop', k=16))}.jpg")
            alter(picture, dice).save(folder / copies[photo.relative][-1], quality=88)
    return copies


def _count(alone: Mapping[str, str], found: Mapping[str, str], copies: dict[str, list[str]]) -> dict[str, int]:
    """How many photos have exactly their copies in their group, beside those of ``alone``, and how many have more."""
    before, after = _members(alone), _members(found)
    counts = {"exact": 0, "with_others": 0}
    for photo, own in copies.items():
        expected = {copy for other in before[alone[photo]] for copy in [other, *copies.get(other, [])]}
        group = set(after[found[photo]])
        counts["exact"] += group == expected
        counts["with_others"] += not group <= expected
        assert set(own) <= expected
    return counts


def _members(groups: Mapping[str, str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for photo, group in groups.items():
        members[group].append(photo)
    return members
