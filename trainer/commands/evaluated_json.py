"""What ``trainer evaluate`` and ``trainer compare`` both print: counts of photos, of seen ones, and of classes."""

from __future__ import annotations

from typing import Any

from trainer.evaluation.seen_photos import SeenPhotos
from trainer.evaluation.shared_classes import SharedClasses


def seen_json(seen: SeenPhotos | None) -> dict[str, int] | None:
    """How many of the folder's photos a model has seen; None if the model does not say."""
    return None if seen is None else seen._asdict()


def classes_json(classes: SharedClasses | None) -> dict[str, Any]:
    """The classes that were not evaluated, with their photos, and the labels of which there is no photo."""
    assert classes is not None
    return {"classes_not_evaluated": classes.unknown, "labels_without_photos": classes.without_photos}


def photo_counts(photos: int, independent: int) -> str:
    """``36 photos``, or ``36 photos, 30 independent`` if some depend on others."""
    return f"{photos} photo{'s' * (photos != 1)}" + (f", {independent} independent" if independent < photos else "")
