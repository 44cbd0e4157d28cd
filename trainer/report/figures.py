"""The figures of the report: curves of the training, reliability, coverage and precision by threshold."""

from __future__ import annotations

import math
from typing import NamedTuple

from trainer.head.calibration import BINS, Bin, calibration_error
from trainer.head.fit import Step
from trainer.photos.split import TEST
from trainer.report.chart import Axes, Point, bar, chart, dot, grid, line
from trainer.report.content import ReportContent
from trainer.report.measures import operating_curve, operating_point
from trainer.report.number_format import counted, percent
from trainer.report.summary import recommended_threshold
from trainer.retraining.tuned_or_pretrained import TuningOutcome


class Figure(NamedTuple):
    """A picture with its ``title`` and ``caption``; ``keys`` are (style, meaning) of its lines and marks."""

    title: str
    caption: str
    keys: list[tuple[str, str]]
    svg: str


def training_curves(content: ReportContent) -> list[Figure]:
    """Accuracy and cross entropy by epoch of fine-tuning and by step of the head; none where that is not known."""
    if content.training is None:
        return []
    curves = _tuning_curves(content.training.tuning) if content.training.tuning else []
    return curves + (_head_curves(content.training.steps) if len(content.training.steps) > 1 else [])


def score_figures(content: ReportContent) -> list[Figure]:
    """The reliability diagram and what a threshold does; none where the scores are no probabilities."""
    if content.reliability is None:
        return []
    before = content.training.reliability_before if content.training else None
    return [_reliability(content.reliability, before), _threshold_curve(content)]


_CURVES = [("first", "training"), ("second", "validation")]


def _tuning_curves(tuning: TuningOutcome) -> list[Figure]:
    epochs, best = tuning.tuned.epochs, tuning.best_epoch
    learnt = [  # the first one is the state before, which no training photos were met on the way to
        (number, epoch.training_accuracy, epoch.training_cross_entropy)
        for number, epoch in enumerate(epochs)
        if epoch.training_accuracy is not None and epoch.training_cross_entropy is not None
    ]
    right = _Curves([(n, share) for n, share, _ in learnt], list(enumerate(e.validation_accuracy for e in epochs)))
    loss = _Curves([(n, loss) for n, _, loss in learnt], list(enumerate(e.validation_cross_entropy for e in epochs)))
    kept = f"The weights of epoch {best} were kept." if tuning.helped else "The pretrained weights were kept."
    hard = "Training photos are met in new variants, which are harder than the photos themselves."
    judged = (
        f"A head fitted to the end comes to {tuning.after.cross_entropy:.3f} on the tuned features, "
        f"to {tuning.before.cross_entropy:.3f} on the pretrained ones."
    )
    return [
        _accuracy_curve("Accuracy by epoch of fine-tuning", "epoch", right, f"{kept} {hard}"),
        _loss_curve("Cross entropy by epoch of fine-tuning", "epoch", loss, f"{kept} {judged}"),
    ]


def _head_curves(steps: list[Step]) -> list[Figure]:
    right = _Curves(
        list(enumerate(step.training_accuracy for step in steps)),
        list(enumerate(step.validation_accuracy for step in steps)),
    )
    loss = _Curves(
        list(enumerate(step.training_cross_entropy for step in steps)),
        list(enumerate(step.validation_cross_entropy for step in steps)),
    )
    last = steps[-1]
    accuracies = (
        f"At the last of {counted(len(steps) - 1, 'step')} {percent(last.training_accuracy)} of the training photos "
        f"and {percent(last.validation_accuracy)} of the validation photos were named rightly."
    )
    losses = (
        f"It ends at {last.training_cross_entropy:.3f} on the training photos and {last.validation_cross_entropy:.3f} "
        "on the validation photos. Where the second rises again, the head would be learning the training photos by "
        "heart."
    )
    return [
        _accuracy_curve("Accuracy by training step", "step", right, accuracies),
        _loss_curve("Cross entropy by training step", "step", loss, losses),
    ]


class _Curves(NamedTuple):
    training: list[Point]
    validation: list[Point]

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.training + self.validation]

    def lines(self, axes: Axes) -> list[str]:
        return [line(axes, self.training, "line first"), line(axes, self.validation, "line second")]


def _accuracy_curve(title: str, across: str, curves: _Curves, caption: str) -> Figure:
    low = math.floor(min(curves.values) * 10 - 1e-9) / 10
    axes = Axes(0, curves.validation[-1][0], max(low, 0.0), 1)
    parts = [grid(axes, across, "accuracy", "{:.0f}".format, lambda share: f"{100 * share:.0f} %")]
    return Figure(title, caption, _CURVES, chart(parts + curves.lines(axes), title, caption))


def _loss_curve(title: str, across: str, curves: _Curves, caption: str) -> Figure:
    axes = Axes(0, curves.validation[-1][0], 0, max(curves.values) * 1.02 + 1e-9)
    parts = [grid(axes, across, "cross entropy", "{:.0f}".format, "{:.2g}".format)]
    return Figure(title, caption, _CURVES, chart(parts + curves.lines(axes), title, caption))


def _reliability(after: list[Bin], before: list[Bin] | None) -> Figure:
    axes = Axes(0, 1, 0, 1)
    parts = [grid(axes, "score", "share that is right", "{:.1f}".format, lambda share: f"{100 * share:.0f} %")]
    most = max(part.photos for part in after)
    for place, part in enumerate(after):
        if part.photos:
            tip = f"{counted(part.photos, 'photo')}: mean score {part.confidence:.2f}, {percent(part.accuracy)} right"
            parts.append(
                bar(axes, place / BINS, (place + 1) / BINS, part.accuracy, "bar", tip, weight=part.photos / most)
            )
    parts.append(line(axes, [(0, 0), (1, 1)], "line ideal"))
    for part in before or []:
        if part.photos:
            tip = f"before: {counted(part.photos, 'photo')}, {percent(part.accuracy)} right"
            parts.append(dot(axes, (part.confidence, part.accuracy), "mark", tip))
    keys = [("bar", "this file" if before is None else "with the temperature"), ("ideal", "honest")]
    caption = f"Expected calibration error {percent(calibration_error(after))}"
    if before is not None:
        keys.insert(1, ("mark", "before the temperature"))
        caption += f", before the temperature {percent(calibration_error(before))}"
    caption += ". A bar below the line: the model was too sure of these photos; above it: not sure enough. "
    caption += "The paler a bar, the fewer its photos, and the less it means."
    return Figure("Are the scores honest?", caption, keys, chart(parts, "Reliability diagram", caption))


def _threshold_curve(content: ReportContent) -> Figure:
    curve = operating_curve(content.scores, content.truths)
    answered = [point for point in curve if point.precision is not None]
    low = min([point.precision for point in answered if point.precision is not None] + [p.coverage for p in curve])
    axes = Axes(0, 1, min(math.floor(low * 10) / 10, 0.9), 1)
    parts = [grid(axes, "score threshold", "share", "{:.1f}".format, lambda share: f"{100 * share:.0f} %")]
    parts.append(line(axes, [(point.threshold, point.coverage) for point in curve], "line second"))
    parts.append(line(axes, [(p.threshold, p.precision) for p in answered if p.precision is not None], "line first"))
    threshold = recommended_threshold(content)
    caption = "What is left, and how good it is, where answers below a score are taken for unknown."
    keys = [("first", "answers that are right"), ("second", "photos that are answered")]
    if threshold is not None:
        point = operating_point(content.scores, content.truths, threshold)
        parts.append(line(axes, [(threshold, axes.y_low), (threshold, 1)], "line ideal"))
        keys.append(("ideal", f"recommended: {threshold:.2f}"))
        caption += f" At {threshold:.2f}, {percent(point.coverage)} are answered, {percent(point.precision)} of them "
        caption += "rightly."
        if content.split == TEST:
            caption += " It was chosen on the validation photos; this is what the test photos say of it."
    return Figure("From which score on to believe it", caption, keys, chart(parts, "Threshold curve", caption))
