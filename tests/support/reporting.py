"""For the tests of the report: names that look like markup, and the content of a report on an evaluation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from edge.modelfile.model_file import ModelFile
from trainer.evaluation.background import BackgroundAnswers, TakenPhoto
from trainer.evaluation.evaluate import evaluate
from trainer.photos.dataset import Photo
from trainer.report.content import ReportContent, evaluation_content
from trainer.retraining.other_things import Judged, OtherThings

HOSTILE_CLASS = "<script>alert(1) | `x`"
HOSTILE_FILE = '"><img src=x onerror=alert(1)> _a_ [b](c).png'
FLIPPED = 6
"""Number of photos of each class in the folder of another class."""


def content_of(model: ModelFile, image_dir: Path, split: str = "all", seen: bool = False) -> ReportContent:
    """The content of a report on an evaluation of ``model``; ``seen``: whether it was trained on these photos."""
    evaluation = dataclasses.replace(evaluate(model, image_dir, split=split), trained_on_these=seen)
    return evaluation_content("model.tflite", model, evaluation)


def with_other_things(content: ReportContent, photos: list[Photo], label: str | None = "unknown") -> ReportContent:
    """``content`` with figures of other things; ``photos`` are of other things and were taken for a hostile class.

    None of them judged a file that has no ``label`` for the rest of the world.
    """
    assert content.training is not None
    settings = ["every answer", "recommended threshold, 0.70", "--reject", "score of 0.9 or more"]
    strange = [Judged("drawings", 32, [2, 1, 0, 0])]
    if label is not None:
        strange += [Judged("random directions", 400, [20, 8, 4, 1]), Judged("photos held back", 40, [3, 2, 1, 1])]
    known = Judged("test photos of the classes", 18, [18, 16, 17, 12])
    found = OtherThings(label, settings, strange, known, frozenset(photo.sha256 for photo in photos[1:]))
    taken = [TakenPhoto(photo, HOSTILE_CLASS, 0.95 - place / 100) for place, photo in enumerate(photos)]
    background = None if label is None else BackgroundAnswers(40, 40 - len(taken), taken)
    return dataclasses.replace(
        content,
        training=content.training._replace(other_things=found),
        evaluation=dataclasses.replace(content.evaluation, background=background),
    )
