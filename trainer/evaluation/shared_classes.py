"""The classes that models and a folder share: only these can be evaluated."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from edge.errors import DatasetError
from edge.shorten import list_names
from trainer.photos.dataset import Photo

_MOST_NAMES = 5  # in a message
_LONGEST_NAME = 40  # characters


class SharedClasses(NamedTuple):
    """The ``photos`` of the shared classes, with composed labels, and what is not shared.

    ``unknown`` has the number of photos of each class that is not among the labels of every model, by class.
    ``without_photos`` are the labels of the models of which the folder has no photo.
    """

    photos: list[Photo]
    unknown: dict[str, int]
    without_photos: list[str]

    def message(self, models: int = 1) -> str | None:
        """One line that names what is not evaluated of ``models`` models; None if all is shared."""
        parts = []
        if self.unknown:
            whose = "the model has no label" if models == 1 else "not both models have a label"
            count = sum(self.unknown.values())
            parts.append(f"{whose} for {some_names(self.unknown)}: {count:,} photo{'s' * (count != 1)} not evaluated")
        if self.without_photos:
            parts.append(f"the folder has no photo of {some_names(self.without_photos)}")
        return "; ".join(parts) or None


def composed(name: str) -> str:
    """``name`` as labels and classes are compared: Unicode's composed form, NFC.

    macOS writes the names of files decomposed, most other systems composed; they look the same.
    """
    return unicodedata.normalize("NFC", name)


def share_classes(photos: Iterable[Photo], labels: Sequence[Collection[str]]) -> SharedClasses:
    """The photos whose class is among the ``labels`` of every model, given for each model.

    Raises :class:`~edge.errors.DatasetError` if there are photos, but no class is shared.
    """
    known = [{composed(label) for label in each} for each in labels]
    shared = set.intersection(*known)
    kept: list[Photo] = []
    unknown: Counter[str] = Counter()
    for photo in photos:
        name = composed(photo.label)
        if name in shared:
            kept.append(photo if name == photo.label else photo._replace(label=name))
        else:
            unknown[name] += 1
    if unknown and not kept:
        whose = "the model" if len(known) == 1 else "the two models"
        raise DatasetError(
            f"the folder and {whose} share no class: the folder has {some_names(sorted(unknown))}; the labels are "
            f"{some_names(sorted(shared)) or 'different in each model'}; name the folders as the labels"
        )
    found = {photo.label for photo in kept}
    without = sorted(set.union(*known) - found - set(unknown)) if kept else []
    return SharedClasses(kept, dict(sorted(unknown.items())), without)


def some_names(names: Collection[str]) -> str:
    """At most five of ``names``, each of at most 40 characters, and the number of the others."""
    return list_names(list(names), _MOST_NAMES, _LONGEST_NAME)
