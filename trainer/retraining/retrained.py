"""The result of retraining: one model file, its evaluation, and how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.modelfile.unknown_facts import UnknownFacts
from trainer.backbones.backbone import Backbone
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.interval import Interval
from trainer.head.calibration import Bin, Calibration, calibration_error
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import HeadFit
from trainer.head.learning_curve import LearningCurve
from trainer.photos.dataset import Dataset
from trainer.retraining.other_things import OtherThings
from trainer.retraining.tuned_or_pretrained import FineTuningResult

SHORTFALL = 0.01
"""If the accuracy of a file is below that of its head in floats by more than this, a line and the report say so."""


def shortfall_line(quantization: str, accuracy: float, promised: float, *, own: bool = True) -> str | None:
    """One sentence if a file of ``quantization`` falls short in ``accuracy`` of what its head in floats ``promised``.

    A quantization that is not ``own`` is that of a network of another project and cannot be changed. Both are fractions
    of the same test photos. It is None if the difference is at most :data:`SHORTFALL`.
    """
    if promised - accuracy <= SHORTFALL + 1e-9:
        return None
    advice = "; compare it with --quantization float32" if quantization == "int8" and own else ""
    return (
        f"the {quantization} file labels fewer test photos correctly than its head does in floats: "
        f"{100 * (promised - accuracy):.1f} points of accuracy are lost to quantization{advice}"
    )


class Retrained(NamedTuple):
    """One exported model: its file, its evaluation on the test photos, and the expected accuracy.

    ``promised_accuracy`` is the accuracy of the head in floats on the test photos' bottlenecks. ``reliability_before``
    and ``reliability_after`` are the bins of the same without and with the temperature. ``cross_validation`` has its
    scores in the order of training, validation and test photos: those of the ``sample``, if there is one because all
    photos do not fit into memory. ``learning_curve`` is None if it was not asked for,
    or if there are too few independent photos. If ``final``, the head of the file was fitted on all photos; all else
    here is of its twin, whose head was fitted on the training photos alone. ``compiled`` is the file for an Edge TPU
    with the same head, which could not be run here; None if there is none. ``unknown`` says what taught the class for
    the rest of the world, None if the file has none. ``other_things`` says how often it gives other things the name of
    a class, None if it always does.
    """

    path: Path
    backbone: Backbone
    dataset: Dataset
    fit: HeadFit
    evaluation: Evaluation
    calibration: Calibration
    reliability_before: list[Bin]
    reliability_after: list[Bin]
    cross_validation: CrossValidation | None
    learning_curve: LearningCurve | None
    promised_accuracy: float
    computed_bottlenecks: int
    size_bytes: int
    fine_tuning: FineTuningResult | None
    final: bool
    compiled: Path | None = None
    unknown: UnknownFacts | None = None
    other_things: OtherThings | None = None
    sample: Dataset | None = None

    @property
    def accuracy(self) -> float | None:
        """The fraction of the test photos that the model file labels correctly; a group of photos counts as one.

        None if there are too few independent photos to say.
        """
        return self.evaluation.accuracy if self.dataset.has_evidence else None

    @property
    def interval(self) -> Interval | None:
        """Two fractions between which the accuracy on other photos like these lies with 95 % confidence.

        None if there are too few independent photos to say.
        """
        return self.evaluation.interval if self.dataset.has_evidence else None

    @property
    def error_before(self) -> float:
        """The expected calibration error on the test photos without the temperature."""
        return calibration_error(self.reliability_before)

    @property
    def error_after(self) -> float:
        """The expected calibration error on the test photos with the temperature."""
        return calibration_error(self.reliability_after)
