"""What is measured on all photos, or all but the test photos: cross-validation, learning curve, the gate's parts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.beside import with_remembered
from trainer.bottlenecks.labelled import Labelled
from trainer.bottlenecks.remembered import Remembered
from trainer.head.class_weights import balanced_weights, weights_beside
from trainer.head.cross_validation import CrossValidation, cross_validate
from trainer.head.folds import Folds, assign_folds
from trainer.head.learning_curve import LearningCurve, learning_curve
from trainer.photos.dataset import Dataset
from trainer.photos.split import TEST
from trainer.progress import Progress
from trainer.retraining.keeping import NOTHING_KEPT, Keeping
from trainer.retraining.options import AUTO_CLASS_WEIGHTS, RetrainOptions
from trainer.retraining.taught import Taught
from trainer.unknown.outside import Extended, Outside


class AllPhotos(NamedTuple):
    """The bottlenecks ``data`` of all photos of ``dataset``, in the order of :meth:`Dataset.by_split`.

    ``remembered`` are bottlenecks of photos that are gone; ``outside`` is the class for the rest of the world. What is
    fitted here may be in the cache from an earlier run: ``keeping`` says so.
    """

    data: Labelled
    dataset: Dataset
    options: RetrainOptions
    progress: Progress
    remembered: Remembered | None = None
    outside: Outside | None = None
    keeping: Keeping = NOTHING_KEPT

    def cross_validate(self) -> CrossValidation:
        """The cross-validation of these photos."""

        def fit() -> CrossValidation:
            folds = self._folds()
            with self.progress.stage("cross-validation", folds.number) as advance:
                return cross_validate(folds, advance, self.outside and self.outside.beside)

        return self.keeping.kept("cross-validation", fit, self.outside)

    def learning_curve(self, l2: float) -> LearningCurve | None:
        """The learning curve with the penalty ``l2``; None if there are too few independent photos."""
        if not self.dataset.has_evidence:
            return None

        def fit() -> LearningCurve | None:
            folds = self._folds()
            with self.progress.stage("learning curve", folds.number) as advance:
                return learning_curve(folds, l2, self.options.ratios.seed, advance)

        return self.keeping.kept("learning curve", fit, l2)

    def extended(self, taught: Taught, training: Labelled, validation: Labelled, *, sampled: bool) -> Extended:
        """The calibration of ``taught`` with the column of the class for the rest of the world, and that column.

        ``training`` and ``validation`` are photos in memory that taught, ``sampled`` if they are a sample of more.
        """
        outside = self.outside
        assert outside is not None

        def fit() -> Extended:
            folds = None if sampled else self.gate_folds()
            return outside.extended(taught.calibration, training, validation, folds, taught.fit.l2)

        return self.keeping.kept("rest of the world", fit, taught, outside)

    def gate_folds(self) -> Folds:
        """The training and validation photos in parts, for the gate; what is remembered is in none of them (-1)."""
        photos = self.dataset.by_split()
        known = np.array([photo.split != TEST for photo in photos])
        data = with_remembered(self.data.where(known), self.dataset.labels, self.remembered)
        assigned, number = assign_folds([photo for photo in photos if photo.split != TEST], self.options.ratios.seed)
        beside = np.full(len(data.labels) - len(assigned), -1, np.intp)
        return Folds(
            data,
            np.concatenate([assigned, beside]),
            number,
            labels=len(self.dataset.labels),
            max_steps=self.options.training_steps,
            class_weights=lambda labels: class_weights_of(
                labels, len(self.dataset.labels), self.options, self.remembered
            ),
        )

    def _folds(self) -> Folds:
        photos = self.dataset.by_split()
        assigned, number = assign_folds(photos, self.options.ratios.seed)
        left_out = set(self.dataset.without_evidence)
        return Folds(
            self.data,
            assigned,
            number,
            labels=len(self.dataset.labels),
            max_steps=self.options.training_steps,
            class_weights=self._class_weights,
            counted=np.array([photo.label not in left_out for photo in photos]),
        )

    def _class_weights(self, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64] | None:
        return class_weights_of(labels, len(self.dataset.labels), self.options)


def class_weights_of(
    labels: npt.NDArray[np.intp], classes: int, options: RetrainOptions, remembered: Remembered | None = None
) -> npt.NDArray[np.float64] | None:
    """The weights of the ``classes`` for training ``labels`` (photos,), as ``options`` say; None: all the same.

    A class of which a few bottlenecks are ``remembered`` was taught by more photos; all classes weigh the same then.
    """
    if options.class_weights == AUTO_CLASS_WEIGHTS:
        return balanced_weights(labels, classes)
    return weights_beside(labels, classes, remembered)
