"""A training on tiny photos with hostile names and wrong labels, shared by the tests of the report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support import tiny
from support.reporting import FLIPPED, HOSTILE_CLASS, HOSTILE_FILE
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.report.content import ReportContent, training_content
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import Retrained


@pytest.fixture(scope="session")
def wrong_labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 x 30 photos, six of each class in the wrong folder (``flipped-...``), and a file that is not a photo."""
    root = tiny.paint_folder(tmp_path_factory.mktemp("wrong labels") / "photos", 30)
    (root / "red").rename(root / HOSTILE_CLASS)
    labels = ["blue", "green", HOSTILE_CLASS]
    for label, other in zip(labels, labels[1:] + labels[:1], strict=True):
        for index in range(FLIPPED):
            (root / label / f"{index:03d}.png").rename(root / other / f"flipped-{index}.png")
    (root / HOSTILE_CLASS / "flipped-0.png").rename(root / HOSTILE_CLASS / f"flipped-{HOSTILE_FILE}")
    (root / "blue" / HOSTILE_FILE).write_text("no photo")
    for path in root.rglob("*.png"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    return root


@pytest.fixture(scope="session")
def retrained(wrong_labels: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Retrained]:
    """An int8 and a float32 model, cross-validated and with a learning curve."""
    folder = tmp_path_factory.mktemp("reported")
    for quantization in ("int8", "float32"):
        tiny.write_backbone(folder / "cache", quantization)
    options = RetrainOptions(
        folder=wrong_labels,
        output=folder / "tiny.tflite",
        bottleneck_dir=folder / "cache",
        architecture=tiny.ARCHITECTURE,
        quantizations=("int8", "float32"),
        weights="random",
        ratios=SplitRatios(20, 20),
        cross_validate=True,
        learning_curve=True,
        unknown=None,
    )
    return retrain_all(options, Progress())


@pytest.fixture(scope="session")
def content(retrained: list[Retrained]) -> ReportContent:
    """The content of the report of the int8 model."""
    return training_content(retrained[0], retrained[1:])
