"""The top of the report: one sentence, the most important numbers, and cautions about them."""

from __future__ import annotations

from typing import NamedTuple

from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.evaluated_photos import UNSEEN
from trainer.evaluation.interval import wilson_interval
from trainer.evaluation.shared_classes import some_names
from trainer.head.calibration import calibration_error
from trainer.head.cross_validation import CrossValidation
from trainer.photos.split import LEAST_GROUPS, SPLITS, TRAINING
from trainer.report.content import ReportContent
from trainer.report.measures import operating_point
from trainer.report.number_format import counted, megabytes, percent, percent_interval
from trainer.retraining.retrain_all import IMBALANCE
from trainer.retraining.retrained import shortfall_line

_DOUBTFUL = 0.1  # share of labels in doubt from which on there is a caution
_FEW_PHOTOS = 100  # evaluated photos below which there is a caution, because the interval is wide


class Headline(NamedTuple):
    """The ``name`` of a number, its ``value`` as text, and a ``note`` that explains it."""

    name: str
    value: str
    note: str


def title_line(content: ReportContent) -> str:
    """One sentence that says what the file is."""
    manifest = content.model.manifest
    labels = counted(len(content.model.classes), "label")
    if content.model.unknown_label is not None:
        labels += f" and {content.model.unknown_label} for the rest of the world"
    if manifest is None:
        return f"A model of another project with {labels}, evaluated on {counted(content.evaluation.count, 'photo')}."
    fitted = SPLITS if manifest.provenance.final else (TRAINING,)
    trained = sum(counts.get(split, 0) for counts in manifest.photos.values() for split in fitted)
    known = manifest.provenance.adopted_from is None
    training = f"trained on {counted(trained, 'photo')}" if known else "made by another project"
    return f"{manifest.architecture}, {manifest.quantization}, {labels}, {training}."


def headlines(content: ReportContent) -> list[Headline]:
    """The most important numbers; if the photos do not show how good the file is, none that says so."""
    width, height = content.model.input_size
    size = Headline("size", megabytes(content.model.size_bytes), f"for pictures of {width} x {height} pixels")
    if not content.has_evidence:
        return [Headline("test accuracy", "not known", "too few independent photos to say how good the model is"), size]
    return [*_accuracies(content), size]


def _accuracies(content: ReportContent) -> list[Headline]:
    evaluation = content.evaluation
    named = evaluation.split in SPLITS
    photos = f"{evaluation.split} photos" if named else "photos"
    independent = f", {evaluation.independent:,} independent" if evaluation.independent < evaluation.count else ""
    found = [
        Headline(
            f"{evaluation.split} accuracy" if named else "accuracy",
            percent(evaluation.accuracy),
            f"{evaluation.right:,} of {evaluation.count:,} {photos}{independent}; "
            f"{percent_interval(evaluation.interval)} with 95 % confidence",
        )
    ]
    validated = content.training and content.training.cross_validation
    if validated:
        interval = wilson_interval(validated.right, validated.independent)
        found.append(
            Headline(
                "cross-validated",
                percent(validated.accuracy),
                f"{_validated_photos(content, validated)} in {validated.folds} parts, each evaluated by a float head "
                f"that was not fitted on it{_without_copies(content)}; "
                f"{percent_interval(interval)} with 95 % confidence",
            )
        )
    if evaluation.unknown is not None:
        found.append(_rest_of_world(evaluation, photos))
    if content.reliability is not None:
        before = content.training and percent(calibration_error(content.training.reliability_before))
        found.append(
            Headline(
                "calibration error",
                percent(calibration_error(content.reliability)),
                "mean difference between a score and the share of correct labels"
                + (f"; {before} before calibration" if before else ""),
            )
        )
    threshold = recommended_threshold(content)
    if threshold is not None:
        point = operating_point(content.scored, threshold, content.model.unknown_index)
        found.append(
            Headline(
                "score threshold",
                f"{threshold:.2f}",
                f"{percent(point.coverage)} of the {photos} reach it, and {percent(point.precision)} of their labels "
                "are correct; treat a label with a lower score as unknown",
            )
        )
    return found


def _rest_of_world(evaluation: Evaluation, photos: str) -> Headline:
    """How often the label of the rest of the world is right and wrong."""
    assert evaluation.unknown is not None
    background = f"; {evaluation.background.text}" if evaluation.background else ""
    return Headline(
        "rest of the world",
        f"{evaluation.answered_unknown:,}",
        f"of the {evaluation.count:,} {photos} of the classes got the label {evaluation.unknown}, which counts as wrong"
        f"{background}",
    )


def recommended_threshold(content: ReportContent) -> float | None:
    """The score threshold in the manifest, 0 to 1: a lower score means unknown. None if there is none."""
    return None if content.model.manifest is None else content.model.manifest.score_threshold


def cautions(content: ReportContent) -> list[str]:
    """What a reader must know before using the numbers; often there is nothing."""
    found = [] if content.training is None else _final_cautions(content) + _evidence_cautions(content)
    found += _seen_cautions(content.evaluation)
    if content.evaluation.classes is not None and content.evaluation.classes.unknown:
        unknown = content.evaluation.classes.unknown
        found.append(
            f"The model has no label for {some_names(unknown)}, so {counted(sum(unknown.values()), 'photo')} "
            "were not evaluated."
        )
    doubtful = content.doubtful_labels.likely_errors
    if doubtful >= _DOUBTFUL * content.doubtful_labels.photos:
        found.append(
            f"About {doubtful:,} of {counted(content.doubtful_labels.photos, 'label')} look wrong "
            f"({percent(doubtful / content.doubtful_labels.photos, 0)}). Check the photos below first: "
            "correct labels help more than any option."
        )
    evaluation = content.evaluation
    if evaluation.independent < _FEW_PHOTOS and content.has_evidence:
        noun = "photo" if evaluation.independent == evaluation.count else "independent photo"
        found.append(
            f"Only {counted(evaluation.independent, noun)} were evaluated, so the accuracy is "
            "uncertain: see its interval."
        )
    imbalance = _imbalance(content)
    if imbalance:
        found.append(imbalance)
    lost = content.training and shortfall_line(
        content.model.manifest.quantization if content.model.manifest else "",
        content.evaluation.accuracy,
        content.training.float_head_accuracy,
        own=not (content.model.manifest and content.model.manifest.provenance.foreign),
    )
    if lost:
        found.append(f"{lost[0].upper()}{lost[1:]}.")
    if content.self_test is not None and not content.self_test.passed:
        found.append("The self-test failed on this workstation. Do not use the file until you know why.")
    return found


def _final_cautions(content: ReportContent) -> list[str]:
    manifest = content.model.manifest
    if manifest is None or not manifest.provenance.final:
        return []
    return [
        "The file was fitted on all photos (--final). Every figure is of its twin, whose head was fitted on the "
        "training photos alone."
    ]


def _evidence_cautions(content: ReportContent) -> list[str]:
    if not content.without_evidence:
        return []
    classes = some_names(content.without_evidence)
    add = f"Add photos of other scenes, at least {LEAST_GROUPS} of each class, and train again."
    if content.has_evidence:
        return [f"No figure shows how good the model is for {classes}: there are too few independent photos. {add}"]
    return [
        f"No figure shows how good the model is: there are too few independent photos of {classes}. Photos that depend "
        f"on each other show one scene, so a test photo would be a copy of a training photo. {add} With --groups off "
        "every photo counts as independent."
    ]


def _validated_photos(content: ReportContent, validated: CrossValidation) -> str:
    photos = f"{validated.photos:,} photos"
    if validated.photos == content.photo_groups.photos:
        photos = f"all {photos}"
    return photos + (f" ({validated.independent:,} independent)" if validated.independent < validated.photos else "")


def _seen_cautions(evaluation: Evaluation) -> list[str]:
    seen = evaluation.seen
    if evaluation.has_seen_them:
        photos = "The model was trained on some of these photos" if seen is None else seen.text("the model")
        option = "test" if seen is None else UNSEEN
        return [f"{photos}, so every number is too good. Evaluate with --split {option}."]
    if evaluation.split == UNSEEN and seen is not None and seen.unseen < seen.photos:
        return [f"{seen.text('the model')}. They were not evaluated."]
    return []


def _without_copies(content: ReportContent) -> str:
    manifest = content.model.manifest
    augmented = manifest is not None and manifest.provenance.augment
    return ", nor on augmented copies, on which the head of this file was fitted" if augmented else ""


def _imbalance(content: ReportContent) -> str | None:
    manifest = content.model.manifest
    if manifest is None or not manifest.photos:
        return None
    counts = sorted((sum(splits.values()), label) for label, splits in manifest.photos.items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if not fewest or most < IMBALANCE * fewest:
        return None
    weighted = manifest.provenance.class_weights == "auto"
    weights = (
        "The training gave each class the same weight."
        if weighted
        else "--class-weights auto gives each the same weight."
    )
    return f"The classes are not balanced: {largest} has {most:,} photos, {smallest} {fewest:,}. {weights}"
