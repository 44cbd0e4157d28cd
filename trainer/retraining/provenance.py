"""What the manifest says of the training: all that is needed to train the same model again, and no path or name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.backbones.backbone import Backbone
from trainer.head.calibration import Calibration
from trainer.head.fit import HeadFit
from trainer.photos.augmentation import AUGMENTATION_VERSION
from trainer.photos.dataset import Dataset, dataset_fingerprint

if TYPE_CHECKING:
    from trainer.retraining.options import RetrainOptions


def training_facts(
    backbone: Backbone, dataset: Dataset, fit: HeadFit, calibration: Calibration, options: RetrainOptions
) -> dict[str, str | float | int]:
    """What made the head: weights, photos, split and what was chosen on the way."""
    return {
        "backbone_sha256": backbone.model.sha256,
        "weights": backbone.weights.origin,
        "weights_sha256": backbone.weights.sha256,
        "dataset_sha256": dataset_fingerprint(dataset),
        "validation_percentage": float(options.ratios.validation_percentage),
        "testing_percentage": float(options.ratios.testing_percentage),
        "seed": options.ratios.seed,
        "l2": fit.l2,
        "steps": len(fit.steps) - 1,
        "augment": options.augment,
        "augmentation_version": AUGMENTATION_VERSION,
        "class_weights": "auto" if options.balance else "none",
        "temperature": calibration.temperature,
        "threshold_precision": calibration.precision,
    }
