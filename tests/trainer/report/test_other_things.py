"""The section about other things: figures with their price, photos that were taken for a class, hostile names."""

from __future__ import annotations

import dataclasses

import pytest

from support.reporting import HOSTILE_CLASS, with_other_things
from trainer.photos.photo_files import Skipped
from trainer.report.content import ReportContent
from trainer.report.markup import escape
from trainer.report.model_card import render_card
from trainer.report.other_things import SHOWN, other_things_notes, other_things_table, taken_photos_note
from trainer.report.page import render_page
from trainer.report.taken_photos import other_things_section


@pytest.fixture
def told(content: ReportContent) -> ReportContent:
    """The report of the tiny model, with three photos of other things that were taken for a class."""
    return with_other_things(content, content.evaluation.photos[:3])


def test_the_table_has_counts_and_the_price(told: ReportContent) -> None:
    """A row for each kind, a column for each setting, and the test photos that got no name."""
    table = other_things_table(told)
    assert table is not None
    assert table.heads[:4] == ("kind", "number", "every answer", "recommended threshold, 0.70")
    assert table.rows[0][:4] == ("drawings", "32", "2 (6.2 %)", "1 (3.1 %)")
    assert table.rows[1][4] == "4 (1.0 %)"
    assert [row[0] for row in table.rows[2:]] == ["photos held back", "test photos of the classes without a name"]
    assert table.rows[3][1:5] == ("18", "0 (0.0 %)", "2 (11.1 %)", "1 (5.6 %)")


def test_the_section_says_what_the_figures_are_worth(told: ReportContent) -> None:
    """The page and the card have the figures, what flatters, and the command for the true measure."""
    for text in (render_page(told), render_card(told)):
        assert "Other things" in text
        assert "so their figures are too good" in text
        assert "20 (5.0" in text
        assert "Photos of other things are the true measure" in text


def test_taken_photos_are_shown(told: ReportContent) -> None:
    """With label, score and the gate's answer; a name that looks like markup is text."""
    section = other_things_section(told)
    assert section.count("<img ") == 3
    assert section.count(f'taken for: <b class="model">{escape(HOSTILE_CLASS)}</b>') == 3
    assert section.count("--reject: unknown") == 2
    assert section.count("--reject: passes") == 1
    assert 'alt="Photo 1 of other things: taken for ' in section
    assert "<em>95 %</em>" in section
    assert "<script" not in section
    assert taken_photos_note(told) == "3 of the 40 photos that were held back were taken for a class."


def test_no_place_is_named(content: ReportContent) -> None:
    """Of a photo that is not in the folder of the photos, page and card have the file's name alone."""
    photo = content.evaluation.photos[0]._replace(relative="/home/poet/things/owl.png")
    told = with_other_things(content, [photo, photo._replace(relative="../poet/fox.png")])
    skipped = [Skipped("/home/poet/things/x.txt", "no photo")]
    told = dataclasses.replace(told, evaluation=dataclasses.replace(told.evaluation, skipped=skipped))
    for text in (render_page(told), render_card(told)):
        assert "owl.png" in text and "fox.png" in text and "x.txt" in text
        assert "poet/" not in text


def test_many_taken_photos_are_not_all_shown(content: ReportContent) -> None:
    """The first of them, and how many there are."""
    told = with_other_things(content, content.evaluation.photos[:1] * 20)
    assert other_things_section(told).count("<img ") == SHOWN
    assert taken_photos_note(told).endswith(f"Here are the {SHOWN} with the highest scores.")


def test_without_the_class_it_is_one_sentence(content: ReportContent) -> None:
    """With the gate's figures on the drawings and on the test photos; no table, no photos."""
    told = with_other_things(content, [], label=None)
    assert other_things_notes(told) == [
        "The file has no label for the rest of the world, so without --reject every picture gets the name of a class; "
        "with it the gate lets 0 of 32 drawings through, and rejects 1 of 18 test photos of the classes."
    ]
    assert other_things_table(told) is None
    section = other_things_section(told)
    assert "<table" not in section and "<img" not in section
    assert "## Other things" in render_card(told)


def test_without_evidence_there_is_no_price(told: ReportContent) -> None:
    """Test photos that depend on training photos show nothing."""
    untold = dataclasses.replace(told, has_evidence=False)
    table = other_things_table(untold)
    assert "price" not in other_things_notes(untold)[0]
    assert table is not None
    assert table.rows[-1][0] == "photos held back"


def test_without_gate_and_class_and_without_a_training(content: ReportContent) -> None:
    """One sentence for a file that names every picture; nothing in the report of an evaluation."""
    assert content.training is not None
    bare = dataclasses.replace(content, training=content.training._replace(other_things=None))
    assert other_things_notes(bare)[0].endswith("every picture gets the name of a class.")
    assert other_things_section(dataclasses.replace(content, training=None)) == ""
