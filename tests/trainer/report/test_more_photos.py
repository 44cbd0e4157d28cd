"""What the report says of more photos: the figure, the table and the sentences of the learning curve."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from trainer.head.learning_curve import CurvePoint, Gain, LearningCurve
from trainer.head.shares import SHARES
from trainer.report.chart import Axes
from trainer.report.content import ReportContent
from trainer.report.model_card import render_card
from trainer.report.more_photos import learning_curve_figure, learning_curve_table, more_photos_note
from trainer.report.page import render_page
from trainer.retraining.retrained import Retrained

CURVE = LearningCurve(
    [CurvePoint(share, 100 * share, 60 + 20 * share, 100) for share in SHARES],
    Gain(0.02, 0.01, 0.04),
    np.array([[0.5, 0.6, 0.7, 0.7], [0.8, 0.8, 0.9, 0.95], [np.nan] * 4]),
    [0],
)


def with_curve(content: ReportContent, curve: LearningCurve | None) -> ReportContent:
    """``content`` with another learning curve."""
    assert content.training is not None
    return dataclasses.replace(content, training=content.training._replace(learning_curve=curve))


def test_curve_is_that_of_the_training(content: ReportContent, retrained: list[Retrained]) -> None:
    """Page and card have the accuracy at each share, and what twice as many photos bring."""
    curve = retrained[0].learning_curve
    assert curve is not None and content.training is not None and content.training.learning_curve is curve
    table = learning_curve_table(content)
    assert table is not None
    assert table.heads == ("training photos", "25 %", "50 %", "75 %", "100 %")
    assert table.rows[1] == ("accuracy", *(f"{100 * point.accuracy:.1f} %" for point in curve.points))
    page, card = render_page(content), render_card(content)
    assert page.count("<h2>More photos</h2>") == card.count("## More photos") == 1
    assert more_photos_note(content) in card


def test_table_and_note(content: ReportContent) -> None:
    """Classes that do not count have no row; the note names the weak class, escaped on the page."""
    found = with_curve(content, CURVE)
    table = learning_curve_table(found)
    assert table is not None
    first, second, _ = content.model.labels
    assert table.rows[0] == ("photos a class", "25", "50", "75", "100")
    assert [row[0] for row in table.rows[2:]] == [first, second]
    assert table.rows[2][1:] == ("50.0 %", "60.0 %", "70.0 %", "70.0 %")
    assert more_photos_note(found) == (
        "Twice as many photos are likely to bring about 2.0 points (between 1.0 and 4.0). Add photos of "
        f"{first} (70.0 %) first: fewer of them are labelled correctly, and more photos help them."
    )
    assert first not in render_page(found)


def test_many_classes_have_no_row_each(content: ReportContent) -> None:
    """With more than thirty classes the table has the accuracy alone."""
    table = learning_curve_table(with_curve(content, CURVE._replace(recalls=np.ones((31, 4)))))
    assert table is not None and [row[0] for row in table.rows] == ["photos a class", "accuracy"]


def test_figure_has_the_points_and_the_forecast(content: ReportContent) -> None:
    """Four points at their photos, each with its interval, and the forecast at twice the photos."""
    figure = learning_curve_figure(with_curve(content, CURVE))
    assert figure is not None
    (drawn,) = re.findall(r'<polyline class="line first" points="([^"]*)"', figure.svg)
    (forecast,) = re.findall(r'<polyline class="line ideal" points="([^"]*)"', figure.svg)
    axes = Axes(0, 206, 0.55, 1)
    expected = " ".join(f"{axes.x(100 * s):.1f},{axes.y(0.6 + 0.2 * s):.1f}" for s in SHARES)
    assert drawn == expected
    assert forecast == f"{axes.x(100):.1f},{axes.y(0.8):.1f} {axes.x(200):.1f},{axes.y(0.82):.1f}"
    assert figure.svg.count('class="span"') == 5
    assert "100 photos a class: 80.0 %, 71.1 to 86.7 %" in figure.svg


def test_no_curve(content: ReportContent) -> None:
    """With too few photos the page says so; without evidence and after an evaluation it says nothing."""
    few = with_curve(content, None)
    assert learning_curve_figure(few) is learning_curve_table(few) is None
    note = "Too few independent photos for a learning curve: it needs 20 a class on average."
    assert more_photos_note(few) == note
    assert note in render_page(few) and note in render_card(few)
    for silent in (dataclasses.replace(few, has_evidence=False), dataclasses.replace(content, training=None)):
        assert more_photos_note(silent) == "" and "More photos" not in render_page(silent) + render_card(silent)


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_extreme_accuracies_are_drawn(content: ReportContent, accuracy: float) -> None:
    """A curve at 0 or 100 % stays inside the chart."""
    points = [point._replace(right=100 * accuracy) for point in CURVE.points]
    figure = learning_curve_figure(with_curve(content, CURVE._replace(points=points, gain=Gain(0.0, 0.0, 0.0))))
    assert figure is not None
    heights = [float(y) for y in re.findall(r'cy="([\d.-]+)"', figure.svg)]
    assert len(heights) == 5 and all(0 <= height <= 280 for height in heights)
