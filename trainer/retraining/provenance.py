"""The provenance of a model, from what retraining did."""

from __future__ import annotations

from edge.modelfile.provenance import Provenance
from trainer.backbones.backbone import Backbone, FineTuned
from trainer.head.calibration import Calibration
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import HeadFit
from trainer.photos.augmentation import AUGMENTATION_VERSION
from trainer.photos.dataset import Dataset, dataset_fingerprint
from trainer.retraining.options import RetrainOptions
from trainer.retraining.tuned_or_pretrained import FineTuningResult


def describe_training(
    backbone: Backbone,
    dataset: Dataset,
    fit: HeadFit,
    calibration: Calibration,
    options: RetrainOptions,
    *,
    cross_validation: CrossValidation | None = None,
    fine_tuning: FineTuningResult | None = None,
    note: str | None = None,
) -> Provenance:
    """What made the model: weights, photos, split and what was chosen during the training.

    Of a backbone that was fine-tuned before, in another run, the epochs are those of that run.
    """
    tuned = backbone.tuned
    if fine_tuning is not None:
        recipe = fine_tuning.tuned.recipe
        tuned = FineTuned(recipe.epochs, recipe.from_block, fine_tuning.best_epoch, None)
    shown = cross_validation if dataset.has_evidence else None
    return Provenance(
        backbone_sha256=backbone.model.sha256,
        weights=backbone.weights.origin,
        weights_sha256=backbone.weights.sha256,
        foreign=backbone.foreign,
        dataset_sha256=dataset_fingerprint(dataset),
        validation_percentage=float(options.ratios.validation_percentage),
        testing_percentage=float(options.ratios.testing_percentage),
        seed=options.ratios.seed,
        l2=fit.l2,
        steps=len(fit.steps) - 1,
        augment=options.augment,
        augmentation_version=AUGMENTATION_VERSION,
        class_weights=options.class_weights,
        temperature=calibration.temperature,
        threshold_precision=calibration.precision,
        groups=options.groups,
        independent_photos=dataset.independent,
        independent_test_photos=len({photo.group for photo in dataset.test_photos}) if dataset.has_evidence else None,
        cross_validated_right=shown and round(shown.right, 6),
        cross_validated_photos=shown and shown.independent,
        fine_tune=tuned and tuned.epochs,
        fine_tune_from=tuned and tuned.from_block,
        fine_tune_best_epoch=tuned and tuned.best_epoch,
        final=options.final or None,
        note=note,
    )
