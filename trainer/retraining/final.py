"""``--final``: the head is fitted once more, on all photos, after everything was chosen and measured with its twin."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.augmented import with_copies
from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.extractor import FeatureExtractor
from trainer.bottlenecks.stored import Stored
from trainer.head.calibration import Calibration, with_temperature
from trainer.head.fit import HeadFit, fit_again
from trainer.head.fit_stored import fit_stored_again
from trainer.photos.dataset import Dataset
from trainer.retraining.all_photos import AllPhotos, class_weights_of
from trainer.retraining.fit_taught import stored_training
from trainer.unknown.column import Column


class StoredPhotos(NamedTuple):
    """A ``dataset`` and the ``bottlenecks`` of all of its photos, which do not fit into memory."""

    dataset: Dataset
    bottlenecks: Stored


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
    stored: StoredPhotos | None = None,
) -> FinalHead:
    """Fit the head on all photos of ``everything``, and on augmented copies of all of them.

    If those are a sample, all are ``stored``.

    The penalty is that of its ``twin``. ``column`` is the twin's class for the rest of the world, None if it has none:
    that is fitted again too. Temperature and recommended threshold are those of ``calibration``, which were found for
    the twin on photos that had not trained it.
    """
    originals, dataset, options, _, remembered, outside, keeping = everything
    copied = with_copies(extractor, dataset.by_split(), originals, options.augment)
    fitted = with_remembered(copied, dataset.labels, remembered)

    def class_weights(of: npt.NDArray[np.intp]) -> npt.NDArray[np.float64] | None:
        return class_weights_of(of, len(dataset.labels), options, remembered)

    known = with_remembered(originals, dataset.labels, remembered)

    def fit_all() -> Calibration:
        number, steps = len(dataset.labels), options.training_steps
        with extractor.progress.stage("final head") as advance:
            if stored is None:
                head = fit_again(fitted, number, twin.l2, steps, class_weights(fitted.labels))
            else:
                photos, bottlenecks = stored.dataset.by_split(), stored.bottlenecks
                training = stored_training(extractor, photos, bottlenecks, options, fitted, dataset.labels, remembered)
                head = fit_stored_again(training, number, twin.l2, steps, class_weights, twin.head, advance)
        head = with_temperature(head, calibration.temperature)
        if outside is not None and column is not None:
            head = outside.again(head, known, column)
        return calibration._replace(head=head)

    final = keeping.kept("final head", fit_all, fitted, twin, calibration, column, outside)
    samples = known.features
    return FinalHead(final, samples.astype(np.float32, copy=False))
