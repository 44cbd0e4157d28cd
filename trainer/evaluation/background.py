"""Photos of the rest of the world: how a model that has a class for it answers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge.modelfile.model_file import ModelFile
from trainer.evaluation.score_photos import score_photos
from trainer.evaluation.shared_classes import composed
from trainer.photos.dataset import Photo


class TakenPhoto(NamedTuple):
    """A ``photo`` of the rest of the world that was taken for the class ``label``."""

    photo: Photo
    label: str
    score: float


class BackgroundAnswers(NamedTuple):
    """Of ``photos`` photos of the rest of the world, ``unknown`` were answered so; ``taken`` are the others.

    Those with the highest scores come first.
    """

    photos: int
    unknown: int
    taken: list[TakenPhoto]

    @property
    def text(self) -> str:
        """One sentence without a full stop."""
        return f"{self.unknown:,} of {self.photos:,} photo{'s' * (self.photos != 1)} of other things got it"


def evaluate_background(
    model: ModelFile,
    photos: Sequence[Photo],
    advance: Callable[[int], None] = lambda count: None,
    *,
    runtime: str | None = None,
) -> BackgroundAnswers | None:
    """Let ``model`` answer ``photos`` of the rest of the world; None if there are none, or if it has no class for them.

    Photos that cannot be decoded do not count. ``advance`` is called with 1 for each photo.
    """
    if not photos or model.unknown_label is None:
        return None
    answered, taken = 0, list[TakenPhoto]()
    scored = score_photos(model, (photo.path for photo in photos), runtime=runtime)
    for photo, result in zip(photos, scored, strict=True):
        advance(1)
        if result.gated is not None:
            answered += 1
            best = int(result.gated.scores.argmax())
            if model.labels[best] != model.unknown_label:
                taken.append(TakenPhoto(photo, composed(model.labels[best]), float(result.gated.scores[best])))
    taken.sort(key=lambda entry: (-entry.score, entry.photo.relative))
    return BackgroundAnswers(answered, answered - len(taken), taken) if answered else None
