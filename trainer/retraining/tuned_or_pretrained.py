"""Fine-tuning within one run of ``trainer retrain``: the tuned weights, or the pretrained ones where they know more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.backbones.backbone import Backbone, backbones_of, ensure_backbones
from trainer.backbones.weights import Weights
from trainer.bottlenecks.labelled import cached_bottlenecks, labelled
from trainer.fine_tuning.fine_tune import Tuned, find_tuned, fine_tune
from trainer.fine_tuning.recipe import Recipe
from trainer.fine_tuning.schedule import is_worse
from trainer.head.calibration import calibrated_surprise
from trainer.head.fit import Head, accuracy, fit_head
from trainer.one_thread import one_thread
from trainer.photos.dataset import Dataset, Listing, assemble
from trainer.photos.split import TRAINING, VALIDATION
from trainer.progress import Progress

if TYPE_CHECKING:
    from trainer.retraining.options import RetrainOptions


class Judged(NamedTuple):
    """What a head fitted on int8 bottlenecks knows of the validation photos.

    The share named rightly, and the cross entropy (nats) of each (photos,) at the best temperature.
    """

    accuracy: float
    losses: npt.NDArray[np.float64]

    @property
    def cross_entropy(self) -> float:
        """The mean of the losses."""
        return float(self.losses.mean())


class TuningOutcome(NamedTuple):
    """What fine-tuning found, the ``weights`` that are kept, and what the heads before and after it know."""

    tuned: Tuned
    weights: Weights
    before: Judged
    after: Judged

    @property
    def helped(self) -> bool:
        """Whether the tuned weights are kept."""
        return self.weights == self.tuned.weights

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are kept, 0 for the pretrained ones."""
        return self.tuned.best_epoch if self.helped else 0

    def facts(self) -> dict[str, int]:
        """What a manifest says of the fine-tuning."""
        return {
            "fine_tune": self.tuned.recipe.epochs,
            "fine_tune_from": self.tuned.recipe.from_block,
            "fine_tune_best_epoch": self.best_epoch,
        }


def tuned_or_pretrained(recipe: Recipe, listing: Listing, options: RetrainOptions, progress: Progress) -> TuningOutcome:
    """Fine-tune on ``listing`` from a head on the int8 artifact's bottlenecks, and judge what came of it.

    The judge is a head fitted anew on the tuned int8 bottlenecks, against that first one. Where it knows the
    validation photos worse, the pretrained weights are kept. Test photos are not looked at.

    Raises the errors of :func:`trainer.fine_tuning.fine_tune.fine_tune`.
    """
    with progress.stage("backbone"):
        (pretrained,) = ensure_backbones(options.cache, options.architecture, options.weights, ("int8",))
    outcome = cached_bottlenecks(pretrained, listing, options.cache, progress, options.runtime)
    dataset = assemble(listing, outcome.identities, outcome.reasons, options.ratios)
    head, before = _judge(pretrained, dataset, options, progress)
    tuned = find_tuned(options.cache, pretrained, dataset, recipe)
    if tuned is None:
        tuned = fine_tune(options.cache, pretrained, dataset, head, recipe, progress)
    with progress.stage("backbone"):
        (backbone,) = backbones_of(options.cache, options.architecture, tuned.weights, ("int8",))
    cached_bottlenecks(backbone, listing, options.cache, progress, options.runtime)
    _, after = _judge(backbone, dataset, options, progress)
    kept = pretrained.weights if is_worse(after.losses, before.losses) else tuned.weights
    return TuningOutcome(tuned, kept, before, after)


def _judge(backbone: Backbone, dataset: Dataset, options: RetrainOptions, progress: Progress) -> tuple[Head, Judged]:
    training, validation = (
        labelled(backbone, dataset, split, options.cache, options.runtime) for split in (TRAINING, VALIDATION)
    )
    with progress.stage("head"):
        head = fit_head(training, validation, len(dataset.labels)).head
    with one_thread():  # the same choice on any number of cores
        logits = head.logits(validation.features)
        judged = Judged(accuracy(logits, validation.labels), calibrated_surprise(logits, validation.labels))
    return head, judged
