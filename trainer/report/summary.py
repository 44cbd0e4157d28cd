"""What everybody should read: the few numbers that matter, and what to beware of."""

from __future__ import annotations

from typing import NamedTuple

from trainer.evaluation.interval import wilson_interval
from trainer.head.calibration import calibration_error
from trainer.photos.split import TRAINING
from trainer.report.facts import Facts
from trainer.report.measures import operating_point
from trainer.report.wording import between, counted, megabytes, percent
from trainer.retraining.retrain import IMBALANCE

_DOUBTFUL = 0.1  # share of labels in doubt from which it is said at the top
_FEW_PHOTOS = 100  # judged photos below which the interval is so wide that it is said at the top


class Headline(NamedTuple):
    """A number, what it is and what is behind it."""

    name: str
    value: str
    note: str


def title_line(facts: Facts) -> str:
    """One sentence on what the file is."""
    manifest = facts.model.manifest
    labels = counted(len(facts.model.labels), "label")
    if manifest is None:
        return f"A model of another project with {labels}, judged by {counted(facts.evaluation.count, 'photo')}."
    trained = sum(counts.get(TRAINING, 0) for counts in manifest.photos.values())
    return f"{manifest.architecture}, {manifest.quantization}, {labels}, trained on {counted(trained, 'photo')}."


def headlines(facts: Facts) -> list[Headline]:
    """The few numbers that matter."""
    interval = wilson_interval(facts.right, facts.evaluation.count)
    judges = "photos" if facts.split == "all" else f"{facts.split} photos"
    found = [
        Headline(
            "accuracy" if facts.split == "all" else f"{facts.split} accuracy",
            percent(facts.evaluation.accuracy),
            f"{facts.right:,} of {facts.evaluation.count:,} {judges}; {between(interval)} with 95 % confidence",
        )
    ]
    validated = facts.training and facts.training.cross_validation
    if validated:
        interval = wilson_interval(validated.right, validated.photos)
        found.append(
            Headline(
                "cross-validated",
                percent(validated.right / validated.photos),
                f"float heads on all {validated.photos:,} photos in {validated.folds} parts, each judged unseen"
                f"{_without_variants(facts)}; {between(interval)} with 95 % confidence",
            )
        )
    if facts.reliability is not None:
        before = facts.training and percent(calibration_error(facts.training.reliability_before))
        found.append(
            Headline(
                "calibration error",
                percent(calibration_error(facts.reliability)),
                "how far scores are from the share that is right" + (f"; {before} uncalibrated" if before else ""),
            )
        )
    threshold = recommended_threshold(facts)
    if threshold is not None:
        point = operating_point(facts.scores, facts.truths, threshold)
        found.append(
            Headline(
                "score threshold",
                f"{threshold:.2f}",
                f"answers {percent(point.coverage)} of the {judges} and is right in {percent(point.precision)} of "
                "these answers; below it, take an answer for unknown",
            )
        )
    width, height = facts.model.input_size
    found.append(Headline("size", megabytes(facts.model.size_bytes), f"pictures of {width} x {height} pixels"))
    return found


def recommended_threshold(facts: Facts) -> float | None:
    """The score below which an answer should be taken for unknown, as the file says."""
    return None if facts.model.manifest is None else facts.model.manifest.score_threshold


def cautions(facts: Facts) -> list[str]:
    """What a reader must know before the numbers are believed; usually nothing."""
    found = []
    if facts.seen:
        found.append(
            "The model was trained on some of the photos that judge it here, so every number flatters it. "
            "Judge with --split test."
        )
    doubtful = facts.suspects.likely_errors
    if doubtful >= _DOUBTFUL * facts.suspects.judged:
        found.append(
            f"About {doubtful:,} of {counted(facts.suspects.judged, 'label')} look wrong "
            f"({percent(doubtful / facts.suspects.judged, 0)}). Go through the photos below first: "
            "mending labels helps more than any option."
        )
    if facts.evaluation.count < _FEW_PHOTOS:
        found.append(
            f"Only {counted(facts.evaluation.count, 'photo')} judged this file, so the accuracy is not well known: "
            "mind the interval."
        )
    imbalance = _imbalance(facts)
    if imbalance:
        found.append(imbalance)
    if facts.self_test is not None and not facts.self_test.passed:
        found.append("The self-test failed on this workstation: do not use the file before that is understood.")
    return found


def _without_variants(facts: Facts) -> str:
    manifest = facts.model.manifest
    augmented = manifest is not None and manifest.training.get("augment")
    return ", fitted without the variants that the exported head has learnt too" if augmented else ""


def _imbalance(facts: Facts) -> str | None:
    manifest = facts.model.manifest
    if manifest is None or not manifest.photos:
        return None
    counts = sorted((sum(splits.values()), label) for label, splits in manifest.photos.items())
    (fewest, smallest), (most, largest) = counts[0], counts[-1]
    if not fewest or most < IMBALANCE * fewest:
        return None
    weighted = manifest.training.get("class_weights") == "auto"
    remedy = "classes were weighted to count alike." if weighted else "--class-weights auto makes classes count alike."
    return f"Classes are out of balance: {largest} has {most:,} photos, {smallest} {fewest:,}; {remedy}"
