"""The content of a report, gathered once for the page and the model card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edge.inference.classifier import Classifier
from edge.inference.self_test import run_self_test
from edge.modelfile.model_file import ModelFile
from trainer.evaluation.evaluate import Evaluation
from trainer.head.calibration import Bin, reliability_of
from trainer.head.cross_validation import CrossValidation
from trainer.head.fit import Step
from trainer.head.learning_curve import LearningCurve
from trainer.report.doubtful_labels import DoubtfulLabels, find_doubtful_labels
from trainer.report.measures import ScoredPhotos, are_probabilities, scored_photos
from trainer.report.photo_groups import PhotoGroups
from trainer.retraining.other_things import OtherThings
from trainer.retraining.retrained import Retrained
from trainer.retraining.tuned_or_pretrained import FineTuningResult


class OtherModel(NamedTuple):
    """A model of the same run with another quantization; its accuracy (0 to 1) is of the same test photos."""

    quantization: str
    accuracy: float
    size_bytes: int


class TrainingRun(NamedTuple):
    """What only the training knows, and not the file.

    ``float_head_accuracy`` (0 to 1) is that of the head on the same test bottlenecks, before its weights were
    quantized. ``reliability_before`` are the bins of the test photos without the temperature. ``tuning`` is None
    if the backbone was not fine-tuned, ``learning_curve`` if it was, and if there are too few independent photos.
    ``other_things`` is None if the file gives every picture the name of a class.
    """

    steps: list[Step]
    float_head_accuracy: float
    reliability_before: list[Bin]
    cross_validation: CrossValidation | None
    other_models: list[OtherModel]
    tuning: FineTuningResult | None = None
    learning_curve: LearningCurve | None = None
    other_things: OtherThings | None = None


class LocalSelfTest(NamedTuple):
    """Whether the self-test of the model passed on this workstation, and with which interpreter."""

    runtime: str
    passed: bool


@dataclass(frozen=True, eq=False)
class ReportContent:
    """All that a report says about the model file called ``name``.

    ``scored`` are the evaluated photos with the scores that the file gave them.
    ``reliability`` has the bins of these scores; after a training, those of the
    calibrated head before its weights were quantized. It is None if the scores are not probabilities.
    ``photo_groups`` are those of all photos of the training, or of the evaluated photos. ``training`` is None in the
    report of an evaluation, ``self_test`` if the file has none. ``has_evidence`` is false if the test photos do not
    show how good the model is, and ``without_evidence`` are the classes for which they do not: see
    :attr:`~trainer.photos.dataset.Dataset.has_evidence`.
    """

    name: str
    model: ModelFile
    evaluation: Evaluation
    scored: ScoredPhotos
    reliability: list[Bin] | None
    doubtful_labels: DoubtfulLabels
    photo_groups: PhotoGroups
    self_test: LocalSelfTest | None
    training: TrainingRun | None = None
    has_evidence: bool = True
    without_evidence: tuple[str, ...] = ()


def training_content(model: Retrained, others: list[Retrained]) -> ReportContent:
    """The content for ``model`` after its training; ``others`` are the other models of that run.

    The doubtful labels come from the scores of the cross-validation and all photos if there was one, else from the
    scores of the file and the test photos.
    """
    loaded = ModelFile.load(model.path)
    scored = scored_photos(model.evaluation)
    return ReportContent(
        name=model.path.name,
        model=loaded,
        evaluation=model.evaluation,
        scored=scored,
        reliability=model.reliability_after,
        doubtful_labels=find_doubtful_labels(_cross_validated(model) or scored, loaded.labels),
        photo_groups=PhotoGroups.of(model.dataset.photos, trained=True),
        self_test=_self_test(loaded),
        training=TrainingRun(
            steps=model.fit.steps,
            float_head_accuracy=model.promised_accuracy,
            reliability_before=model.reliability_before,
            cross_validation=model.cross_validation,
            other_models=[
                OtherModel(other.backbone.quantization, other.evaluation.accuracy, other.size_bytes) for other in others
            ],
            tuning=model.fine_tuning,
            learning_curve=model.learning_curve,
            other_things=model.other_things,
        ),
        has_evidence=model.dataset.has_evidence,
        without_evidence=tuple(model.dataset.without_evidence),
    )


def evaluation_content(name: str, model: ModelFile, evaluation: Evaluation) -> ReportContent:
    """The content for any ``model`` file called ``name`` after its ``evaluation``."""
    scored = scored_photos(evaluation)
    return ReportContent(
        name=name,
        model=model,
        evaluation=evaluation,
        scored=scored,
        reliability=_reliability(scored, model.unknown_index) if are_probabilities(scored.scores) else None,
        doubtful_labels=find_doubtful_labels(scored, evaluation.labels),
        photo_groups=PhotoGroups.of(scored.photos, trained=False),
        self_test=_self_test(model),
    )


def _reliability(scored: ScoredPhotos, unknown: int | None) -> list[Bin]:
    """The bins of the photos that got a class: the label at ``unknown`` is none, None: there is no such label."""
    answers = scored.answers
    named = np.ones(len(answers), bool) if unknown is None else answers != unknown
    return reliability_of(scored.best[named], (answers == scored.truths)[named])


def _cross_validated(model: Retrained) -> ScoredPhotos | None:
    """All photos of the data set, or of its sample, with the scores of heads that were not fitted on them."""
    if model.cross_validation is None:
        return None
    photos = (model.sample or model.dataset).by_split()
    index = {label: i for i, label in enumerate(model.dataset.labels)}
    return ScoredPhotos(
        photos, model.cross_validation.scores, np.array([index[photo.label] for photo in photos], np.intp)
    )


def _self_test(model: ModelFile) -> LocalSelfTest | None:
    if model.manifest is None:
        return None
    classifier = Classifier(model)
    return LocalSelfTest(classifier.runtime, run_self_test(classifier).passed)
