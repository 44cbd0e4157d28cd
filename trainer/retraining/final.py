"""``--final``: the head is fitted once more, on all photos, after everything was chosen and measured with its twin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.augmented import with_copies
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.head.calibration import Calibration, with_temperature
from trainer.head.fit import HeadFit, fit_again
from trainer.retraining.all_photos import AllPhotos, class_weights_of
from trainer.unknown.column import Column


class FinalHead(NamedTuple):
    """The head that was fitted on all photos, with temperature and threshold of its twin.

    ``samples`` (photos, values) are the dequantized bottlenecks of all photos, for the ranges of an int8 head.
    """

    calibration: Calibration
    samples: npt.NDArray[np.float32]


def fit_final(
    extractor: FeatureExtractor,
    everything: AllPhotos,
    twin: HeadFit,
    calibration: Calibration,
    column: Column | None = None,
) -> FinalHead:
    """Fit the head on all photos of ``everything``, and on augmented copies of all of them.

    The penalty is that of its ``twin``. ``column`` is the twin's class for the rest of the world, None if it has none:
    that is fitted again too. Temperature and recommended threshold are those of ``calibration``, which were found for
    the twin on photos that had not trained it.
    """
    originals, dataset, options, _, remembered, outside = everything
    copied = with_copies(extractor, dataset.by_split(), originals, options.augment)
    fitted = with_remembered(copied, dataset.labels, remembered)
    with extractor.progress.stage("final head"):
        weights = class_weights_of(fitted.labels, len(dataset.labels), options, remembered)
        head = fit_again(fitted, len(dataset.labels), twin.l2, options.training_steps, weights)
    known = with_remembered(originals, dataset.labels, remembered)
    samples = known.features
    head = with_temperature(head, calibration.temperature)
    if outside is not None and column is not None:
        head = outside.again(head, known, column)
    final = calibration._replace(head=head)
    return FinalHead(final, samples.astype(np.float32, copy=False))
