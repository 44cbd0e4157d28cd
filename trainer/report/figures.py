"""The figures of the report: curves of the training, reliability of the scores, effect of a threshold."""

from __future__ import annotations

import math
from typing import NamedTuple

from trainer.head.calibration import BINS, Bin, calibration_error
from trainer.head.fit import Step
from trainer.photos.split import TEST
from trainer.report.chart import Axes, Point, bar, chart, dot, draw_axes, line
from trainer.report.content import ReportContent
from trainer.report.measures import operating_curve, operating_point
from trainer.report.number_format import counted, percent
from trainer.report.summary import recommended_threshold
from trainer.retraining.tuned_or_pretrained import FineTuningResult


class Figure(NamedTuple):
    """A drawing with its ``title`` and ``caption``; ``keys`` are (style, meaning) of its lines and marks."""

    title: str
    caption: str
    keys: list[tuple[str, str]]
    svg: str


def training_curves(content: ReportContent) -> list[Figure]:
    """Accuracy and cross entropy by epoch of fine-tuning and by step of the head; none without a training.

    Validation photos that depend on training photos show nothing either: without evidence there is no figure.
    """
    if content.training is None or not content.has_evidence:
        return []
    curves = _tuning_curves(content.training.tuning) if content.training.tuning else []
    return curves + (_head_curves(content.training.steps) if len(content.training.steps) > 1 else [])


def score_figures(content: ReportContent) -> list[Figure]:
    """The reliability diagram and the effect of a threshold; none if the scores are not probabilities.

    Without evidence there is no figure.
    """
    if content.reliability is None or not content.has_evidence:
        return []
    before = content.training.reliability_before if content.training else None
    return [_reliability(content.reliability, before), _threshold_curve(content)]


_KEYS = [("first", "training"), ("second", "validation")]
_WHOLE, _TENTHS = "{:.0f}".format, "{:.1f}".format


def _as_percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _tuning_curves(tuning: FineTuningResult) -> list[Figure]:
    epochs, best = tuning.tuned.epochs, tuning.best_epoch
    learnt = [  # epoch 0 is the state before the training, and has no numbers of training photos
        (number, epoch.training_accuracy, epoch.training_cross_entropy)
        for number, epoch in enumerate(epochs)
        if epoch.training_accuracy is not None and epoch.training_cross_entropy is not None
    ]
    accuracy = _Curves([(n, share) for n, share, _ in learnt], list(enumerate(e.validation_accuracy for e in epochs)))
    loss = _Curves([(n, loss) for n, _, loss in learnt], list(enumerate(e.validation_cross_entropy for e in epochs)))
    kept = f"The weights of epoch {best} were kept." if tuning.helped else "The pretrained weights were kept."
    copies = "Each epoch trains on new augmented copies, which are harder than the photos themselves."
    heads = (
        f"On the validation photos, a fully fitted head reaches {tuning.after.cross_entropy:.3f} with the tuned "
        f"backbone and {tuning.before.cross_entropy:.3f} with the pretrained one."
    )
    return [
        _accuracy_curve("Accuracy by epoch of fine-tuning", "epoch", accuracy, f"{kept} {copies}"),
        _loss_curve("Cross entropy by epoch of fine-tuning", "epoch", loss, f"{kept} {heads}"),
    ]


def _head_curves(steps: list[Step]) -> list[Figure]:
    accuracy = _Curves(
        list(enumerate(step.training_accuracy for step in steps)),
        list(enumerate(step.validation_accuracy for step in steps)),
    )
    loss = _Curves(
        list(enumerate(step.training_cross_entropy for step in steps)),
        list(enumerate(step.validation_cross_entropy for step in steps)),
    )
    last = steps[-1]
    accuracies = (
        f"After {counted(len(steps) - 1, 'step')}, {percent(last.training_accuracy)} of the training photos and "
        f"{percent(last.validation_accuracy)} of the validation photos are labelled correctly."
    )
    losses = (
        f"At the end it is {last.training_cross_entropy:.3f} on the training photos and "
        f"{last.validation_cross_entropy:.3f} on the validation photos. If the validation curve rises again, the head "
        "overfits the training photos."
    )
    return [
        _accuracy_curve("Accuracy by training step", "step", accuracy, accuracies),
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


def _accuracy_curve(title: str, x_name: str, curves: _Curves, caption: str) -> Figure:
    low = math.floor(min(curves.values) * 10 - 1e-9) / 10
    axes = Axes(0, curves.validation[-1][0], max(low, 0.0), 1)
    parts = [draw_axes(axes, x=(x_name, _WHOLE), y=("accuracy", _as_percent))]
    return Figure(title, caption, _KEYS, chart(parts + curves.lines(axes), title, caption))


def _loss_curve(title: str, x_name: str, curves: _Curves, caption: str) -> Figure:
    axes = Axes(0, curves.validation[-1][0], 0, max(curves.values) * 1.02 + 1e-9)
    parts = [draw_axes(axes, x=(x_name, _WHOLE), y=("cross entropy", "{:.2g}".format))]
    return Figure(title, caption, _KEYS, chart(parts + curves.lines(axes), title, caption))


def _reliability(after: list[Bin], before: list[Bin] | None) -> Figure:
    axes = Axes(0, 1, 0, 1)
    parts = [draw_axes(axes, x=("score", _TENTHS), y=("share of correct labels", _as_percent))]
    most = max(part.photos for part in after)
    for place, part in enumerate(after):
        if part.photos:
            tip = f"{counted(part.photos, 'photo')}: mean score {part.confidence:.2f}, {percent(part.accuracy)} correct"
            sides = place / BINS, (place + 1) / BINS
            parts.append(bar(axes, sides, part.accuracy, style="bar", tip=tip, weight=part.photos / most))
    parts.append(line(axes, [(0, 0), (1, 1)], "line ideal"))
    for part in before or []:
        if part.photos:
            tip = f"before calibration: {counted(part.photos, 'photo')}, {percent(part.accuracy)} correct"
            parts.append(dot(axes, (part.confidence, part.accuracy), "mark", tip))
    keys = [("bar", "this file" if before is None else "after calibration"), ("ideal", "ideal")]
    caption = f"Expected calibration error {percent(calibration_error(after))}"
    if before is not None:
        keys.insert(1, ("mark", "before calibration"))
        caption += f", before calibration {percent(calibration_error(before))}"
    caption += ". A bar below the line: the scores of these photos are too high; above it: too low. "
    caption += "A paler bar has fewer photos, so it is less certain."
    return Figure("Reliability of the scores", caption, keys, chart(parts, "Reliability diagram", caption))


def _threshold_curve(content: ReportContent) -> Figure:
    unknown = content.model.unknown_index
    curve = operating_curve(content.scored, unknown)
    answered = [point for point in curve if point.precision is not None]
    low = min([point.precision for point in answered if point.precision is not None] + [p.coverage for p in curve])
    axes = Axes(0, 1, min(math.floor(low * 10) / 10, 0.9), 1)
    parts = [draw_axes(axes, x=("score threshold", _TENTHS), y=("share", _as_percent))]
    parts.append(line(axes, [(point.threshold, point.coverage) for point in curve], "line second"))
    parts.append(line(axes, [(p.threshold, p.precision) for p in answered if p.precision is not None], "line first"))
    threshold = recommended_threshold(content)
    caption = "A photo whose score is below the threshold gets no label."
    keys = [("first", "labels that are correct"), ("second", "photos that get a label")]
    if threshold is not None:
        point = operating_point(content.scored, threshold, unknown)
        parts.append(line(axes, [(threshold, axes.y_low), (threshold, 1)], "line ideal"))
        keys.append(("ideal", f"recommended: {threshold:.2f}"))
        caption += (
            f" At {threshold:.2f}, {percent(point.coverage)} get one, and {percent(point.precision)} of these are "
        )
        caption += "correct."
        if content.evaluation.split == TEST:
            caption += " The threshold was chosen on the validation photos; these numbers are of the test photos."
    return Figure("Effect of a score threshold", caption, keys, chart(parts, "Threshold curve", caption))
