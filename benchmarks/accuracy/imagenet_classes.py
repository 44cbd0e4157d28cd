"""Classes that are ImageNet's own: does a class that ImageNet's directions teach cost more photos of them?

The photos are one of each ImageNet class, named after it, in one folder. Some of them become the two classes of a
small data set, such as cats and dogs; all others are other things.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.accuracy.splits import retrain_options
from edge.errors import DatasetError
from edge.inference.classifier import Classifier
from edge.modelfile.model_file import ModelFile
from edge.preprocess import preprocess
from edge.sources.files import walk_files
from trainer.backbones.architectures import Architecture
from trainer.progress import Progress
from trainer.retraining.options import UNKNOWN
from trainer.retraining.retrain_all import retrain_all
from trainer.unknown.packaged_directions import imagenet_names

DEFAULTS = ("mobilenet_0.25_160", "mobilenet_0.50_192", "mobilenet_1.0_224")
"""The architectures that are measured if none is given."""


class _Kind(NamedTuple):
    """What photos show: the classes of ImageNet from ``first`` to ``last`` of each of ``ranges``, and ``names``."""

    ranges: tuple[tuple[int, int], ...] = ()
    names: str = ""

    def of(self, classes: tuple[str, ...]) -> set[str]:
        """The names among ``classes``, those of ImageNet in their order."""
        named = {name for first, last in self.ranges for name in classes[first : last + 1]}
        return named | {name.strip() for name in self.names.split(",") if name}


KINDS = {
    "cats": _Kind(((281, 293),)),
    "dogs": _Kind(((151, 268),)),
    "other mammals": _Kind(((102, 106), (147, 150), (269, 299), (330, 388))),
    "birds": _Kind(((7, 24), (80, 100), (127, 146))),
    "reptiles": _Kind(((25, 68),)),
    "vehicles": _Kind(
        names="ambulance,bicycle-built-for-two,bullet train,dogsled,harvester,limousine,minivan,Model T,mountain bike,"
        "paddlewheel,school bus,speedboat,submarine,tank,thresher,tow truck,unicycle,yawl"
    ),
    "clothes": _Kind(
        names="academic gown,apron,bathing cap,bib,bikini,cloak,cowboy hat,diaper,fur coat,gown,jean,lab coat,"
        "mortarboard,overskirt,running shoe,sandal,shower cap,sombrero,sweatshirt,trench coat,vestment,Windsor tie"
    ),
}
"""What the classes of the data sets show."""

DATA_SETS = (
    ("cats", "dogs"),
    ("birds", "dogs"),
    ("dogs", "other mammals"),
    ("birds", "reptiles"),
    ("clothes", "vehicles"),
)
"""Pairs of classes of which there are enough photos among 400 of ImageNet's classes; of cats there are seven."""


def measure(
    photos: Path, architectures: list[Architecture], seeds: list[int], cache: Path, progress: Progress
) -> list[dict[str, Any]]:
    """A row for each pair of classes, architecture and split: two int8 files, without and with the class ``unknown``.

    ``photos`` is the folder of photos that are named after ImageNet's classes. 30 % of those of the two classes are
    ``test_photos``. ``right_without`` and ``right`` of them get their label, and ``answered_unknown`` get that of
    the rest of the world, of which ``were_wrong`` had a wrong label without it. Of ``strangers`` photos of other
    things, ``strangers_unknown`` get it.

    Raises :class:`~edge.errors.DatasetError` if a class has fewer than three photos.
    """
    found = {path.stem.replace("_", " "): path for path in walk_files(photos, lambda path, reason: None)}
    rows = []
    for pair in DATA_SETS:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / " against ".join(pair)
            known = set()
            for label in pair:
                own = [found[name] for name in sorted(KINDS[label].of(imagenet_names()) & set(found))]
                if len(own) < 3:
                    raise DatasetError(f"{photos}: only {len(own)} photos of {label}, named after ImageNet's classes")
                (folder / label).mkdir(parents=True)
                for path in own:
                    shutil.copy(path, folder / label)
                known |= set(own)
            others = sorted(set(found.values()) - known)
            for architecture in architectures:
                rows += list(_rows(folder, others, architecture, seeds, cache, progress))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each pair of classes and architecture: sums over the splits, in per cent."""
    lines = []
    for key in dict.fromkeys((row["classes"], row["architecture"]) for row in rows):
        of_both = [row for row in rows if (row["classes"], row["architecture"]) == key]
        total = {name: sum(row[name] for row in of_both) for name in of_both[0] if isinstance(of_both[0][name], int)}
        tested = total["test_photos"]
        shares = {name: 100 * total[name] / tested for name in ("right_without", "right", "answered_unknown")}
        lost = shares["right_without"] - shares["right"]
        strangers = 100 * total["strangers_unknown"] / total["strangers"]
        shares |= {"lost": lost, "strangers_unknown": strangers}
        values = ", ".join(f"{name} {share:.1f} %" for name, share in shares.items())
        lines.append(f"{' '.join(key)}, {tested} photos: {values}")
    return lines


def _rows(
    folder: Path, others: list[Path], architecture: Architecture, seeds: list[int], cache: Path, progress: Progress
) -> Iterator[dict[str, Any]]:
    pictures = [preprocess(path, (architecture.input_size, architecture.input_size)) for path in others]
    for seed in seeds:
        options = retrain_options(folder, str(folder.parent), cache, architecture, seed, ("int8",))
        [plain] = retrain_all(options, progress)
        [model] = retrain_all(replace(options, unknown=UNKNOWN), progress)
        before = {photo.relative: answer.label for photo, answer in plain.evaluation.classified()}
        unknown = [photo for photo, answer in model.evaluation.classified() if answer.label == UNKNOWN]
        classifier = Classifier(ModelFile.load(model.path))
        assert model.unknown is not None
        row = {
            "classes": folder.name,
            "architecture": architecture.name,
            "seed": seed,
            "directions": model.unknown.directions,
            "validation_photos": len(model.dataset.of("validation")),
            "test_photos": model.evaluation.count,
            "right_without": plain.evaluation.right,
            "right": model.evaluation.right,
            "answered_unknown": len(unknown),
            "were_wrong": sum(before[photo.relative] != photo.label for photo in unknown),
            "strangers": len(others),
            "strangers_unknown": sum(classifier.classify(picture).label == UNKNOWN for picture in pictures),
        }
        progress.message(str(row))
        yield row
