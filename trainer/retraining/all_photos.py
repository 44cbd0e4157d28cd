"""What is measured on all photos: the cross-validation and the learning curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.bottlenecks.labelled import Labelled
from trainer.head.cross_validation import CrossValidation, assign_folds, cross_validate
from trainer.head.fit import balanced_weights
from trainer.head.learning_curve import LearningCurve, learning_curve
from trainer.photos.dataset import Dataset
from trainer.progress import Progress
from trainer.retraining.options import AUTO_CLASS_WEIGHTS, RetrainOptions


class AllPhotos(NamedTuple):
    """The bottlenecks ``data`` of all photos of ``dataset``, in the order of :meth:`Dataset.by_split`."""

    data: Labelled
    dataset: Dataset
    options: RetrainOptions
    progress: Progress

    def cross_validate(self) -> CrossValidation:
        """The cross-validation of these photos."""
        assigned, folds, counted = self._parts()
        with self.progress.stage("cross-validation", folds) as advance:
            return cross_validate(
                self.data,
                assigned,
                folds=folds,
                labels=len(self.dataset.labels),
                max_steps=self.options.training_steps,
                class_weights=self._class_weights,
                counted=counted,
                advance=advance,
            )

    def learning_curve(self, l2: float) -> LearningCurve | None:
        """The learning curve with the penalty ``l2``; None if there are too few independent photos."""
        if not self.dataset.has_evidence:
            return None
        assigned, folds, counted = self._parts()
        with self.progress.stage("learning curve", folds) as advance:
            return learning_curve(
                self.data,
                assigned,
                folds=folds,
                labels=len(self.dataset.labels),
                l2=l2,
                max_steps=self.options.training_steps,
                seed=self.options.ratios.seed,
                class_weights=self._class_weights,
                counted=counted,
                advance=advance,
            )

    def _parts(self) -> tuple[npt.NDArray[np.intp], int, npt.NDArray[np.bool_]]:
        photos = self.dataset.by_split()
        assigned, folds = assign_folds(photos, self.options.ratios.seed)
        left_out = set(self.dataset.without_evidence)
        return assigned, folds, np.array([photo.label not in left_out for photo in photos])

    def _class_weights(self, labels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64] | None:
        return class_weights_of(labels, len(self.dataset.labels), self.options)


def class_weights_of(
    labels: npt.NDArray[np.intp], classes: int, options: RetrainOptions
) -> npt.NDArray[np.float64] | None:
    """The weights of the ``classes`` for training ``labels`` (photos,), as ``options`` say; None: all the same."""
    return balanced_weights(labels, classes) if options.class_weights == AUTO_CLASS_WEIGHTS else None
