"""The photos that models are evaluated on: those that they have not seen, those of one split, or all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edge.errors import DatasetError, UsageError
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.seen_photos import SeenPhotos, count_seen, sights
from trainer.evaluation.shared_classes import SharedClasses, composed, share_classes
from trainer.groups.modes import GROUPS_OFF
from trainer.photos.dataset import Dataset, Photo
from trainer.photos.photo_hashes import read_photo_hashes
from trainer.photos.split import SPLITS, TEST, SplitRatios

UNSEEN, ALL = "unseen", "all"
EVALUATED = (UNSEEN, ALL, *SPLITS)
"""Which photos a model is evaluated on: those that it has not seen, all, or those of one split."""

NEW = (UNSEEN, TEST)
"""Those of :data:`EVALUATED` that are new to the model."""


class EvaluatedPhotos(NamedTuple):
    """``photos`` of the classes that the models and the folder share, chosen by ``split``.

    ``split`` is ``all`` if unseen photos were asked for, but no model says which photos it has seen. ``seen`` has the
    counts of all photos of the ``classes`` for each model, None for one that does not say. ``split_again`` is true if
    the photos were chosen by the split of the data set, not by what the models say. ``background`` are the photos in a
    folder that is called like a model's class for the rest of the world: they are of no class.
    """

    photos: list[Photo]
    split: str
    classes: SharedClasses
    seen: list[SeenPhotos | None]
    split_again: bool
    background: list[Photo] = []  # noqa: RUF012


def check_split(split: str) -> None:
    """Raise :class:`~edge.errors.UsageError` if ``split`` is not one of :data:`EVALUATED`."""
    if split not in EVALUATED:
        raise UsageError(f"unknown split {split!r}; give one of {', '.join(EVALUATED)}")


def split_ratios(model: ModelFile) -> SplitRatios:
    """How the photos were split when ``model`` was trained; the defaults if it does not say."""
    if model.manifest is None:
        return SplitRatios()
    found = {name: getattr(model.manifest.provenance, name) for name in SplitRatios._fields}
    return SplitRatios(**{name: value for name, value in found.items() if value is not None})


def is_split_of(model: ModelFile, dataset: Dataset) -> bool:
    """Whether ``dataset`` is split as the photos were that ``model`` was trained on, as far as the model says it.

    A folder's photos are split one by one here. If the training kept groups together, that is another split.
    """
    groups = None if model.manifest is None else model.manifest.provenance.groups
    return split_ratios(model) == dataset.ratios and groups in (None, GROUPS_OFF)


def _fitted_on_all(model: ModelFile) -> bool:
    return model.manifest is not None and bool(model.manifest.provenance.final)


def has_only_split(model: ModelFile) -> bool:
    """Whether ``model`` does not know its photos, but how they were split: a file of ours of an older release."""
    manifest = model.manifest
    return manifest is not None and manifest.known_photos is None and manifest.provenance.dataset_sha256 is not None


def choose_photos(models: Sequence[ModelFile], dataset: Dataset, split: str) -> EvaluatedPhotos:
    """The photos of ``dataset`` on which ``models`` are evaluated; ``split`` is one of :data:`EVALUATED`.

    A model file that knows its photos says which are its training and validation photos, whatever their names and
    folders are now; its test photos are all others that do not depend on them. For other model files, the split of
    the data set holds.

    Raises :class:`~edge.errors.DatasetError` if no class is shared, if no photo is left, and for the test photos of a
    model that was fitted on all photos of its training and does not say which.
    """
    outside = {composed(model.unknown_label) for model in models if model.unknown_label is not None}
    background = [photo for photo in dataset.photos if composed(photo.label) in outside]
    of_classes = [photo for photo in dataset.photos if composed(photo.label) not in outside]
    taught = [[label for label in model.classes if composed(label) not in outside] for model in models]
    classes = share_classes(of_classes, taught)
    photos = classes.photos
    known = [read_photo_hashes(model) for model in models]
    if split == TEST and any(
        hashes is None and _fitted_on_all(model) for model, hashes in zip(models, known, strict=True)
    ):
        raise DatasetError(
            "no photo of the training is a test photo: the head of the model was fitted on all of them (--final), and "
            "the file does not say which; give photos that are new to the model and --split all"
        )
    found = [None if hashes is None else sights(hashes, photos) for hashes in known]
    seen = [None if entry is None else count_seen(entry) for entry in found]
    if split == UNSEEN and all(entry is None for entry in found):
        split = ALL
    only_split = split == TEST and any(map(has_only_split, models))
    chosen = _of_split(photos, split, found, only_split)
    if not chosen and photos:
        raise DatasetError(_nothing_left(split, len(photos), seen))
    sighted = [None if hashes is None else sights(hashes, background) for hashes in known]
    split_again = split != ALL and _split_again(split, found, only_split)
    return EvaluatedPhotos(chosen, split, classes, seen, split_again, _of_split(background, split, sighted, only_split))


def _of_split(photos: list[Photo], split: str, found: Sequence[list[str] | None], only_split: bool) -> list[Photo]:
    """Those of ``photos`` that ``split`` asks for; ``found`` has the split of each that each model knows, None: none.

    ``only_split`` is true if one of the models knows no photos, but their split.
    """
    if split == ALL:
        return photos
    split_again = _split_again(split, found, only_split)
    if split in NEW:
        told = [entry for entry in found if entry is not None]
        return [
            photo
            for place, photo in enumerate(photos)
            if all(entry[place] == TEST for entry in told) and (not split_again or photo.split == TEST)
        ]
    first = found[0]
    return [photo for place, photo in enumerate(photos) if split == (photo.split if first is None else first[place])]


def _split_again(split: str, found: Sequence[list[str] | None], only_split: bool) -> bool:
    """Whether the split of the data set holds, and not what the models know of their photos."""
    if split in NEW:
        return split == TEST and (only_split or all(entry is None for entry in found))
    return found[0] is None


def _nothing_left(split: str, photos: int, seen: Sequence[SeenPhotos | None]) -> str:
    names = ["the model"] if len(seen) == 1 else ["the first model", "the second model"]
    told = [entry.text(name) for entry, name in zip(seen, names, strict=True) if entry is not None]
    if split in NEW and told:
        return (
            f"no photo is left to evaluate: {'; '.join(told)}; give photos that are new to "
            f"{' and '.join(names)}, or --split all to evaluate these all the same"
        )
    return f"none of these {photos:,} photos is a {split} photo; give the folder of the training, or --split all"
