"""The head of a data set with its calibration and its gate, on all photos in memory or on a sample and a file."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.augmented import compute_copies, copy_sha256, with_copies
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.noise import noise_bottlenecks
from trainer.bottlenecks.remembered import Remembered
from trainer.bottlenecks.stored import Stored, store_features
from trainer.head.calibration import calibrate
from trainer.head.fit import check_finite, fit_head
from trainer.head.fit_stored import StoredTraining, fit_stored
from trainer.head.gate import fit_gate, fit_gate_beside, gate_shapes
from trainer.photos.dataset import Dataset, Photo
from trainer.photos.split import TRAINING, VALIDATION
from trainer.retraining.all_photos import AllPhotos, class_weights_of
from trainer.retraining.examples import Examples
from trainer.retraining.keeping import Keeping
from trainer.retraining.options import RetrainOptions
from trainer.retraining.taught import Taught


class FittedHead(NamedTuple):
    """What was ``taught``, and by which photos.

    ``training`` and ``validation`` are those of the photos that are in memory.
    """

    taught: Taught
    training: Labelled
    validation: Labelled


def fit_taught(
    extractor: FeatureExtractor,
    examples: Examples,
    dataset: Dataset,
    options: RetrainOptions,
    remembered: Remembered | None,
    keeping: Keeping,
) -> FittedHead:
    """Fit the head of ``dataset``, whose bottlenecks are ``examples``, its temperature, its threshold and its gate.

    If ``keeping`` has them from an earlier run, nothing is fitted.

    Raises :class:`~edge.errors.DatasetError` if a bottleneck is not a finite number, and
    :class:`~edge.errors.StorageError` if the cache cannot be written.
    """
    labels, progress = dataset.labels, extractor.progress
    own = examples.of((TRAINING,))
    training = with_remembered(own, labels, remembered and remembered.training)
    validation = with_remembered(examples.of((VALIDATION,)), labels, remembered and remembered.validation)
    copied = with_copies(extractor, examples.dataset.of(TRAINING), own, options.augment)
    fitted = with_remembered(copied, labels, remembered and remembered.training)

    def class_weights(of: npt.NDArray[np.intp]) -> npt.NDArray[np.float64] | None:
        return class_weights_of(of, len(labels), options, remembered)

    def fit_all() -> Taught:
        stored = None
        if examples.stored is not None:
            beside_stored = remembered and remembered.training
            photos = dataset.of(TRAINING)
            stored = stored_training(extractor, photos, examples.stored, options, fitted, labels, beside_stored)
        with progress.stage("head") as advance, ThreadPoolExecutor(1) as beside:
            noise, quantization = noise_bottlenecks(extractor), extractor.backbone.quantization
            folds = shapes = None
            if stored is None:
                check_finite(training, validation)
                folds = AllPhotos(examples.data, dataset, options, progress, remembered).gate_folds()
                find_shapes = partial(gate_shapes, training, folds, noise=noise)
                shapes = beside.submit(find_shapes) if folds.together > 1 else None
                fit = fit_head(fitted, validation, len(labels), options.training_steps, class_weights(fitted.labels))
            else:
                fit = fit_stored(stored, validation, len(labels), options.training_steps, class_weights, advance)
            calibration = calibrate(fit.head, validation, options.precision)
            if not dataset.has_evidence:  # the validation photos depend on the training photos, as the test photos do
                calibration = calibration._replace(score_threshold=None)
            if folds is None:
                gate = fit_gate_beside(training, calibration, validation, len(labels), quantization, noise)
            else:
                found = find_shapes() if shapes is None else shapes.result()
                gate = None if found is None else fit_gate(found, calibration, fit.l2, folds, quantization)
        return Taught(fit, calibration, gate)

    return FittedHead(keeping.kept("head", fit_all, fitted), training, validation)


def stored_training(
    extractor: FeatureExtractor,
    photos: list[Photo],
    originals: Stored,
    options: RetrainOptions,
    sample: Labelled,
    labels: tuple[str, ...],
    remembered: Remembered | None,
) -> StoredTraining:
    """What a head is fitted on: ``photos``, the first ones of ``originals``, their copies, and what is remembered.

    ``sample`` are some of them, in memory; ``labels`` are those of all.
    """
    own = originals.where(np.arange(len(photos)))
    key = hashlib.sha256(extractor.key)
    for photo in photos:
        key.update(photo.sha256)
    key.update(str(options.augment).encode())
    if options.augment:
        compute_copies(extractor, photos, options.augment)
        images = [photo.sha256 for photo in photos]
        images += [copy_sha256(photo.sha256, n) for n in range(1, options.augment + 1) for photo in photos]
        own = Stored(
            store_features(extractor, images), np.arange(len(images)), np.tile(own.labels, options.augment + 1)
        )
    beside = None
    if remembered is not None:
        nothing = Labelled(np.zeros((0, remembered.features.shape[1]), np.float32), np.zeros(0, np.intp))
        beside = with_remembered(nothing, labels, remembered)
    return StoredTraining(own, beside, sample, extractor.bottleneck_dir, key.digest())
