"""For the tests of the report: names that look like markup, and the content of a report on an evaluation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from edge.modelfile.model_file import ModelFile
from trainer.evaluation.evaluate import evaluate
from trainer.report.content import ReportContent, evaluation_content

HOSTILE_CLASS = "<script>alert(1) | `x`"
HOSTILE_FILE = '"><img src=x onerror=alert(1)> _a_ [b](c).png'
FLIPPED = 6
"""Number of photos of each class in the folder of another class."""


def content_of(model: ModelFile, image_dir: Path, split: str = "all", seen: bool = False) -> ReportContent:
    """The content of a report on an evaluation of ``model``; ``seen``: whether it was trained on these photos."""
    evaluation = dataclasses.replace(evaluate(model, image_dir, split=split), trained_on_these=seen)
    return evaluation_content("model.tflite", model, evaluation)
