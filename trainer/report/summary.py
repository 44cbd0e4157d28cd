"""What everybody should read: the few numbers that matter, and what to beware of."""

from __future__ import annotations

from typing import NamedTuple

from trainer.evaluation.interval import wilson_interval
from trainer.head.calibration import calibration_error
from trainer.photos.split import TRAINING
from trainer.report.content import ReportContent
from trainer.report.measures import operating_point
from trainer.report.number_format import counted, megabytes, percent, percent_interval
from trainer.retraining.retrain import IMBALANCE

_DOUBTFUL = 0.1  # share of labels in doubt from which it is said at the top
_FEW_PHOTOS = 100  # judged photos below which the interval is so wide that it is said at the top


class Headline(NamedTuple):
    """A number, what it is and what is behind it."""

    name: str
    value: str
    note: str


def title_line(content: ReportContent) -> str:
    """One sentence on what the file is."""
    manifest = content.model.manifest
    labels = counted(len(content.model.labels), "label")
    if manifest is None:
        return f"A model of another project with {labels}, judged by {counted(content.evaluation.count, 'photo')}."
    trained = sum(counts.get(TRAINING, 0) for counts in manifest.photos.values())
    return f"{manifest.architecture}, {manifest.quantization}, {labels}, trained on {counted(trained, 'photo')}."


def headlines(content: ReportContent) -> list[Headline]:
    """The few numbers that matter."""
    interval = wilson_interval(content.right, content.evaluation.count)
    judges = "photos" if content.split == "all" else f"{content.split} photos"
    found = [
        Headline(
            "accuracy" if content.split == "all" else f"{content.split} accuracy",
            percent(content.evaluation.accuracy),
            f"{content.right:,} of {content.evaluation.count:,} {judges}; "
            f"{percent_interval(interval)} with 95 % confidence",
        )
    ]
    validated = content.training and content.training.cross_validation
    if validated:
        interval = wilson_interval(validated.right, validated.photos)
        found.append(
            Headline(
                "cross-validated",
                percent(validated.right / validated.photos),
                f"float heads on all {validated.photos:,} photos in {validated.folds} parts, each judged unseen"
                f"{_without_variants(content)}; {percent_interval(interval)} with 95 % confidence",
            )
        )
    if content.reliability is not None:
        before = content.training and percent(calibration_error(content.training.reliability_before))
        found.append(
            Headline(
                "calibration error",
                percent(calibration_error(content.reliability)),
                "how far scores are from the share that is right" + (f"; {before} uncalibrated" if before else ""),
            )
        )
    threshold = recommended_threshold(content)
    if threshold is not None:
        point = operating_point(content.scores, content.truths, threshold)
        found.append(
            Headline(
                "score threshold",
                f"{threshold:.2f}",
                f"answers {percent(point.coverage)} of the {judges} and is right in {percent(point.precision)} of "
                "these answers; below it, take an answer for unknown",
            )
        )
    width, height = content.model.input_size
    found.append(Headline("size", megabytes(content.model.size_bytes), f"pictures of {width} x {height} pixels"))
    return found


def recommended_threshold(content: ReportContent) -> float | None:
    """The score below which an answer should be taken for unknown, as the file says."""
    return None if content.model.manifest is None else content.model.manifest.score_threshold


def cautions(content: ReportContent) -> list[str]:
    """What a reader must know before the numbers are believed; usually nothing."""
    found = []
    if content.seen:
        found.append(
            "The model was trained on some of the photos that judge it here, so every number flatters it. "
            "Judge with --split test."
        )
    doubtful = content.doubtful_labels.likely_errors
    if doubtful >= _DOUBTFUL * content.doubtful_labels.judged:
        found.append(
            f"About {doubtful:,} of {counted(content.doubtful_labels.judged, 'label')} look wrong "
            f"({percent(doubtful / content.doubtful_labels.judged, 0)}). Go through the photos below first: "
            "mending labels helps more than any option."
        )
    if content.evaluation.count < _FEW_PHOTOS:
        found.append(
            f"Only {counted(content.evaluation.count, 'photo')} judged this file, so the accuracy is not well known: "
            "mind the interval."
        )
    imbalance = _imbalance(content)
    if imbalance:
        found.append(imbalance)
    if content.self_test is not None and not content.self_test.passed:
        found.append("The self-test failed on this workstation: do not use the file before that is understood.")
    return found


def _without_variants(content: ReportContent) -> str:
    manifest = content.model.manifest
    augmented = manifest is not None and manifest.training.get("augment")
    return ", fitted without the variants that the exported head has learnt too" if augmented else ""


def _imbalance(content: ReportContent) -> str | None:
    manifest = content.model.manifest
    if manifest is None or not manifest.photos:
        return None
    counts = sorted((sum(splits.values()), label) for label, splits in manifest.photos.items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if not fewest or most < IMBALANCE * fewest:
        return None
    weighted = manifest.training.get("class_weights") == "auto"
    remedy = "classes were weighted to count alike." if weighted else "--class-weights auto makes classes count alike."
    return f"Classes are out of balance: {largest} has {most:,} photos, {smallest} {fewest:,}; {remedy}"
