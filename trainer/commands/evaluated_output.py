"""What ``trainer evaluate``, ``compare`` and ``adopt`` print alike: the accuracy, and counts of photos and classes."""

from __future__ import annotations

from typing import Any

from trainer.evaluation.background import BackgroundAnswers
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.seen_photos import SeenPhotos
from trainer.evaluation.shared_classes import SharedClasses
from trainer.photos.split import LEAST_GROUPS


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


def unknown_lines(evaluation: Evaluation, kind: str = "") -> list[str]:
    """How often a model answers that a picture shows none of its classes; nothing if it has no label for that.

    ``kind`` says which photos of the classes were evaluated, if that is not clear.
    """
    if evaluation.unknown is None:
        return []
    photos = " ".join(filter(None, [f"{evaluation.count:,}", kind, f"photo{'s' * (evaluation.count != 1)}"]))
    number = evaluation.answered_unknown
    wrong = "; this counts as wrong" if number else ""
    lines = [f"{number:,} of {photos} of the classes got the label {evaluation.unknown}, the rest of the world{wrong}"]
    if evaluation.background is not None:
        lines.append(evaluation.background.text)
    return lines


def background_json(background: BackgroundAnswers | None) -> dict[str, Any] | None:
    """How the photos of the rest of the world are answered; None if there are none."""
    if background is None:
        return None
    taken = [
        {"path": entry.photo.relative, "label": entry.label, "score": round(entry.score, 6)}
        for entry in background.taken
    ]
    return {"photos": background.photos, "answered_so": background.unknown, "taken": taken}


def accuracy_lines(evaluation: Evaluation, photos: str, caution: str = "", condition: str = "") -> list[str]:
    """The accuracy and its interval, or one line that there are too few independent photos to say it.

    ``photos`` says what was evaluated; ``caution`` follows the accuracy, ``condition`` the interval.
    """
    if evaluation.independent < LEAST_GROUPS:
        return [f"{photos} are too few to say how good the model is: give photos of other scenes"]
    low, high = evaluation.interval
    return [
        f"accuracy {100 * evaluation.accuracy:.2f} % of {photos}{caution}",
        f"the accuracy lies between {100 * low:.1f} % and {100 * high:.1f} % with 95 % confidence{condition}",
    ]
