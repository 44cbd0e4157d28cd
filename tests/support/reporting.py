"""For the tests of the report: names that look like markup, and the content of a report on an evaluation."""

from __future__ import annotations

from pathlib import Path

from edge.modelfile.model_file import ModelFile
from trainer.evaluation.evaluate import evaluate_photos
from trainer.evaluation.evaluated_photos import photos_of, split_ratios
from trainer.photos.dataset import read_dataset
from trainer.report.content import ReportContent, evaluation_content

HOSTILE_CLASS = "<script>alert(1) | `x`"
HOSTILE_FILE = '"><img src=x onerror=alert(1)> _a_ [b](c).png'
FLIPPED = 6
"""Number of photos of each class in the folder of another class."""


def content_of(model: ModelFile, image_dir: Path, split: str = "all", seen: bool = False) -> ReportContent:
    """The content of a report on an evaluation of ``model``."""
    dataset = read_dataset(image_dir, split_ratios(model))
    evaluation = evaluate_photos(model, photos_of(dataset, split))
    return evaluation_content("model.tflite", model, evaluation, split=split, skipped=dataset.skipped, seen=seen)
