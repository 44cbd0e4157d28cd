"""What more photos are likely to bring: the learning curve as a figure, a table and sentences."""

from __future__ import annotations

import math

from trainer.evaluation.interval import wilson_interval
from trainer.head.learning_curve import LearningCurve
from trainer.head.learning_curve_text import TOO_FEW, curve_sentences
from trainer.head.shares import SHARES
from trainer.report.chart import Axes, chart, dot, draw_axes, line, upright
from trainer.report.content import ReportContent
from trainer.report.figures import Figure
from trainer.report.number_format import percent, percent_interval
from trainer.report.tables import ReportTable

_MOST_CLASSES = 30


def more_photos_note(content: ReportContent) -> str:
    """What twice as many photos are likely to bring; empty if the run has no learning curve, or no figure at all."""
    training = content.training
    if training is None or training.tuning is not None or not content.has_evidence:
        return ""
    if training.learning_curve is None:
        return f"{TOO_FEW[0].upper()}{TOO_FEW[1:]}."
    sentences = curve_sentences(training.learning_curve, content.model.classes)
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)


def learning_curve_table(content: ReportContent) -> ReportTable | None:
    """The accuracy at each share of the photos, and the recall of each class if there are not too many.

    None if the run has no learning curve.
    """
    curve = _curve(content)
    if curve is None:
        return None
    rows = [
        ("photos a class", *(f"{point.photos_per_class:,.0f}" for point in curve.points)),
        ("accuracy", *(percent(point.accuracy) for point in curve.points)),
    ]
    if len(curve.recalls) <= _MOST_CLASSES:
        rows += [
            (label, *(percent(recall) for recall in recalls))
            for label, recalls in zip(content.model.classes, curve.recalls, strict=True)
            if not math.isnan(recalls[0])
        ]
    return ReportTable(("training photos", *(f"{share:.0%}".replace("%", " %") for share in SHARES)), rows)


def learning_curve_figure(content: ReportContent) -> Figure | None:
    """Accuracy against training photos a class, and the forecast; None if the run has no learning curve."""
    curve = _curve(content)
    if curve is None:
        return None
    last, gain = curve.points[-1], curve.gain
    intervals = [wilson_interval(point.right, point.independent) for point in curve.points]
    lowest = min(low for low, _ in intervals)
    twice, expected = 2 * last.photos_per_class, last.accuracy + gain.expected
    axes = Axes(0, twice * 1.03, max(math.floor(lowest * 20) / 20, 0.0), 1)
    parts = [draw_axes(axes, x=("training photos a class", "{:,.0f}".format), y=("accuracy", _as_percent))]
    parts += [upright(axes, p.photos_per_class, ends, "span") for p, ends in zip(curve.points, intervals, strict=True)]
    parts.append(upright(axes, twice, (last.accuracy + gain.low, last.accuracy + gain.high), "span"))
    parts.append(line(axes, [(last.photos_per_class, last.accuracy), (twice, expected)], "line ideal"))
    parts.append(line(axes, [(point.photos_per_class, point.accuracy) for point in curve.points], "line first"))
    for point, ends in zip(curve.points, intervals, strict=True):
        tip = f"{point.photos_per_class:,.0f} photos a class: {percent(point.accuracy)}, {percent_interval(ends)}"
        parts.append(dot(axes, (point.photos_per_class, point.accuracy), "point", tip))
    parts.append(dot(axes, (twice, expected), "mark", f"likely with twice as many photos: {percent(expected)}"))
    caption = (
        "Each part of the photos is evaluated by float heads that were fitted on 25, 50, 75 and 100 % of the others. "
        "The bars are 95 % intervals; the intervals of the points are of the same photos, so their differences are "
        "more certain than they are. The forecast fits error = floor + slope / photos^0.5; the ends of its bar come "
        "from the exponents 0.25 and 1."
    )
    keys = [("first", "measured"), ("ideal", "forecast")]
    return Figure("Accuracy by number of photos", caption, keys, chart(parts, "Learning curve", caption))


def _curve(content: ReportContent) -> LearningCurve | None:
    return content.training.learning_curve if content.training and content.has_evidence else None


def _as_percent(share: float) -> str:
    return f"{100 * share:.0f} %"
