"""The content of a report, gathered once, for the page and the card alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge.inference.classifier import Classifier
from edge.inference.selftest import run_self_test
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.evaluate import Evaluation
from trainer.head.calibration import Bin, reliability
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import Matrix, Step
from trainer.photos.dataset import Skipped
from trainer.photos.split import SPLITS, TEST
from trainer.report.doubtful_labels import DoubtfulLabels, find_doubtful_labels
from trainer.report.measures import are_probabilities, read_scores
from trainer.retraining.retrain import Retrained
from trainer.retraining.tuned_or_pretrained import TuningOutcome


class OtherQuantization(NamedTuple):
    """Another kind of the same model, made in the same run and judged by the same photos."""

    quantization: str
    accuracy: float
    size_bytes: int


class Training(NamedTuple):
    """What only the training itself knows.

    ``promised_accuracy`` is that of the float head on the same test bottlenecks, before its weights were
    quantised; ``reliability_before`` the bins of the test photos without the temperature.
    """

    steps: list[Step]
    promised_accuracy: float
    reliability_before: list[Bin]
    cross_validation: CrossValidation | None
    others: list[OtherQuantization]
    tuning: TuningOutcome | None = None


class LocalSelfTest(NamedTuple):
    """Whether the model computes here what its self-test expects, and on which interpreter."""

    runtime: str
    passed: bool


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything that a report says of the model file called ``name``.

    ``scores`` (photos, labels) and ``truths`` (photos,) are what the file said of the photos of ``split``.
    ``reliability`` has the bins of the file's scores, or after a training those of the calibrated head before its
    weights were quantised; None where the scores are no probabilities. ``skipped`` are the files that were passed
    over, ``seen`` tells that the model was trained on some of the photos that judge it. ``training`` is None
    where the file alone is reported on.
    """

    name: str
    model: ModelFile
    evaluation: Evaluation
    split: str
    scores: Matrix
    truths: npt.NDArray[np.intp]
    reliability: list[Bin] | None
    skipped: list[Skipped]
    doubtful_labels: DoubtfulLabels
    self_test: LocalSelfTest | None
    seen: bool = False
    training: Training | None = None

    @property
    def right(self) -> int:
        """How many photos the file named rightly."""
        return int(np.trace(self.evaluation.confusion))


def training_content(model: Retrained, others: list[Retrained]) -> ReportContent:
    """What there is to say of ``model``, fresh from its training; ``others`` are the other kinds of that run.

    The doubtful_labels are found with the scores of the cross-validation where there was one, for all photos; else
    with those of the file, for the test photos.
    """
    loaded = ModelFile.load(model.path)
    scores, truths = read_scores(model.evaluation)
    judged = [p for p, o in zip(model.evaluation.photos, model.evaluation.outcomes, strict=True) if o.classification]
    doubtful_labels = find_doubtful_labels(judged, model.dataset.labels, scores, truths)
    validated = model.cross_validation
    if validated is not None:
        photos = [photo for split in SPLITS for photo in model.dataset.of(split)]
        index = {label: i for i, label in enumerate(model.dataset.labels)}
        own = np.array([index[photo.label] for photo in photos], np.intp)
        doubtful_labels = find_doubtful_labels(photos, model.dataset.labels, validated.scores, own)
    return ReportContent(
        name=model.path.name,
        model=loaded,
        evaluation=model.evaluation,
        split=TEST,
        scores=scores,
        truths=truths,
        reliability=model.reliability_after,
        skipped=model.dataset.skipped,
        doubtful_labels=doubtful_labels,
        self_test=_self_test(loaded),
        training=Training(
            model.fit.steps,
            model.promised_accuracy,
            model.reliability_before,
            validated,
            [
                OtherQuantization(other.backbone.quantization, other.evaluation.accuracy, other.size_bytes)
                for other in others
            ],
            model.tuning,
        ),
    )


def evaluation_content(
    name: str, model: ModelFile, evaluation: Evaluation, split: str, skipped: list[Skipped], seen: bool
) -> ReportContent:
    """What there is to say of any ``model`` file after its ``evaluation`` on the photos of ``split``."""
    scores, truths = read_scores(evaluation)
    judged = [p for p, o in zip(evaluation.photos, evaluation.outcomes, strict=True) if o.classification]
    return ReportContent(
        name=name,
        model=model,
        evaluation=evaluation,
        split=split,
        scores=scores,
        truths=truths,
        reliability=reliability(scores, truths) if are_probabilities(scores) else None,
        skipped=skipped,
        doubtful_labels=find_doubtful_labels(judged, evaluation.labels, scores, truths),
        self_test=_self_test(model),
        seen=seen,
    )


def _self_test(model: ModelFile) -> LocalSelfTest | None:
    if model.manifest is None:
        return None
    classifier = Classifier(model, 1)
    return LocalSelfTest(classifier.runtime, run_self_test(classifier).passed)
