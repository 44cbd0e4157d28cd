"""The page is complete, safe, the same every time, and contains nothing private."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.modelfile.model_file import ModelFile
from support import surgery
from support.evaluations import evaluation_with
from support.reporting import HOSTILE_CLASS, HOSTILE_FILE, content_of
from support.user_name import rare_user_name
from trainer.photos.photo_files import Skipped
from trainer.report.content import ReportContent, training_content
from trainer.report.doubtful_labels import DoubtfulLabels
from trainer.report.page import THUMBNAILS, render_page
from trainer.retraining.retrained import Retrained


class Page(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(content: ReportContent) -> Page:
    """The page of the tiny int8 model."""
    return Page(render_page(content))


def test_every_element_is_closed(page: Page) -> None:
    """Every start tag has its end tag."""
    assert page.open == []


def test_page_loads_nothing(page: Page) -> None:
    """Its policy forbids every request, it has no script, and its pictures are data: addresses."""
    (policy,) = [attributes for attributes in page.of("meta") if "http-equiv" in attributes]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not page.of("script") and not page.of("link") and not page.of("iframe") and not page.of("a")
    assert {str(attributes["src"])[:23] for attributes in page.of("img")} == {"data:image/jpeg;base64,"}
    assert not re.search(r"https?://|url\(|@import", page.text)


def test_hostile_names_are_text(page: Page) -> None:
    """The names of a class and of a file that look like markup are shown as text."""
    assert HOSTILE_CLASS in page.words
    assert f"blue/{HOSTILE_FILE}" in page.words
    assert f"{HOSTILE_CLASS}/flipped-{HOSTILE_FILE}" in page.words
    assert not any("onerror" in attributes for _, attributes in page.tags)


def test_page_names_no_place_and_no_person(page: Page, wrong_labels: Path) -> None:
    """The page contains neither the folder of the photos, nor that of the model, nor the name of the user."""
    assert str(wrong_labels.parent) not in page.text
    assert "/tmp/" not in page.text
    assert not re.search(rf"\b{re.escape(rare_user_name())}\b", page.words)


def test_thumbnails_are_few_and_small(page: Page, content: ReportContent) -> None:
    """At most 24 pictures of at most 176 pixels, each with an alternative text; the page is below 500 KB."""
    images = page.of("img")
    assert len(images) == min(THUMBNAILS, len(content.doubtful_labels.ranked)) > 10
    for attributes in images:
        encoded = base64.b64decode(str(attributes["src"]).partition(",")[2])
        with Image.open(io.BytesIO(encoded)) as picture:
            assert picture.format == "JPEG" and max(picture.size) <= 176
            assert not picture.getexif()
        assert str(attributes["alt"]).startswith("Photo ")
    assert len(page.text) < 500_000


def test_photo_that_was_removed_has_no_thumbnail(content: ReportContent, tmp_path: Path) -> None:
    """For a photo that was removed after the training, the page has a text instead of the picture."""
    gone = content.doubtful_labels.ranked[0]._replace(
        photo=content.doubtful_labels.ranked[0].photo._replace(path=tmp_path / "gone.png")
    )
    text = render_page(replace(content, doubtful_labels=DoubtfulLabels([gone], 90, 1)))
    assert "cannot be read any more" in text and "<img" not in text


def test_figures_and_tables_are_accessible(page: Page) -> None:
    """Every chart has a description, every table a heading for each column and each row."""
    charts = [attributes for attributes in page.of("svg") if attributes.get("class") == "chart"]
    assert len(charts) == 5
    assert all(one["role"] == "img" and len(str(one["aria-label"])) > 40 for one in charts)
    assert len(page.of("table")) == page.text.count("<thead>") >= 7
    assert {one["scope"] for one in page.of("th")} == {"col", "row"}
    assert all(one.get("aria-hidden") == "true" or one.get("aria-label") for one in page.of("svg"))


def test_colours_are_set_in_both_themes(page: Page) -> None:
    """Every colour is a variable that both themes set."""
    used = set(re.findall(r"var\((--(?!share)\w[\w-]*)\)", page.text))
    light, dark = re.findall(r":root \{(.*?)\}", page.text, re.DOTALL)
    assert {"--ink", "--first", "--second", "--right"} <= used
    assert used <= set(re.findall(r"(--[\w-]+):", light))
    assert used <= set(re.findall(r"(--[\w-]+):", dark))


def test_same_facts_give_the_same_bytes(page: Page, retrained: list[Retrained]) -> None:
    """A second report has the bytes of the first: no date, no random id."""
    assert render_page(training_content(retrained[0], retrained[1:])) == page.text


def test_confusion_matrix_is_all_there(page: Page, content: ReportContent) -> None:
    """It has nine cells with their counts; those of correct labels have another style."""
    table = page.text.partition('<table class="matrix">')[2].partition("</table>")[0]
    cells = re.findall(r'<td class="(\w+)"[^>]*>(\d+)</td>', table)
    assert [int(count) for _, count in cells] == content.evaluation.confusion.ravel().tolist()
    assert [style for style, _ in cells][::4] == ["right"] * 3


def test_page_of_an_evaluation_has_no_training(photos: Path) -> None:
    """It has no curves, but the figures of the scores."""
    page = Page(render_page(content_of(ModelFile.from_bytes(surgery.tiny()), photos)))
    assert page.open == []
    assert "Cross entropy" not in page.words
    assert "Reliability of the scores" in page.words


def test_model_that_gives_logits(photos: Path) -> None:
    """Scores that are not probabilities have no diagram and no calibration error."""
    content = content_of(ModelFile.from_bytes(surgery.tiny()), photos)
    text = render_page(replace(content, reliability=None))
    assert "Reliability of the scores" not in text and "calibration error</dt>" not in text


def test_many_classes_have_no_confusion_matrix(content: ReportContent) -> None:
    """With more than thirty classes only the table of the most frequent confusions is there."""
    labels = tuple(f"class {number}" for number in range(40))
    confusion = np.eye(40, dtype=np.intp) * 3
    confusion[3, 7] = 5
    text = render_page(replace(content, evaluation=evaluation_with(labels, confusion)))
    assert '<table class="matrix">' not in text
    assert '<th scope="row">class 3</th><td>class 7</td><td>5</td>' in text


def test_of_very_many_skipped_files_the_first_are_named(content: ReportContent) -> None:
    """The page says how many there are, and stays small."""
    skipped = [Skipped(f"blue/{number:05}.txt", "not a photo") for number in range(2000)]
    text = render_page(replace(content, evaluation=replace(content.evaluation, skipped=skipped)))
    assert "2,000 skipped files (the first 400)" in text
    assert (text.count("not a photo"), "blue/00399.txt" in text, "blue/00400.txt" in text) == (400, True, False)
